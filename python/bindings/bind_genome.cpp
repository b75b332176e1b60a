#include "bindings.hpp"
#include "gil.hpp"

#include <bioxen/genome.hpp>

#include <pybind11/stl.h>

#include <structmember.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace py = pybind11;
using namespace bioxen;

namespace {

using GenomePtr = std::shared_ptr<const Genome>;

/// Text of a file, which is UTF-8 or, where it is not, read as Latin-1.
PyObject* new_text(std::string_view text) noexcept {
    const auto size = static_cast<py::ssize_t>(text.size());
    PyObject* const decoded = PyUnicode_DecodeUTF8(text.data(), size, nullptr);
    if (decoded != nullptr || !PyErr_ExceptionMatches(PyExc_UnicodeDecodeError)) return decoded;
    PyErr_Clear();
    return PyUnicode_DecodeLatin1(text.data(), size, nullptr);
}

py::str text_of(std::string_view text) {
    PyObject* const made = new_text(text);
    if (made == nullptr) throw py::error_already_set();
    return py::reinterpret_steal<py::str>(made);
}

int sign(Strand strand) noexcept { return static_cast<int>(strand); }
const char* topology_name(Topology topology) noexcept { return topology == Topology::circular ? "circular" : "linear"; }

const char* format_name(GenomeFormat format) noexcept {
    switch (format) {
        case GenomeFormat::genbank: return "genbank";
        case GenomeFormat::gff3: return "gff3";
        case GenomeFormat::fasta: return "fasta";
    }
    return "";
}

const char* kind_name(LocationKind kind) noexcept {
    switch (kind) {
        case LocationKind::span: return "span";
        case LocationKind::join: return "join";
        case LocationKind::order: return "order";
        case LocationKind::between: return "between";
        case LocationKind::bond: return "bond";
        case LocationKind::one_of: return "one_of";
    }
    return "";
}

/// A buffer that stays where it is while the GIL is released.
class Bytes {
public:
    explicit Bytes(const py::object& data) {
        if (PyObject_GetBuffer(data.ptr(), &buffer_, PyBUF_SIMPLE) != 0) throw py::error_already_set();
    }
    Bytes(const Bytes&) = delete;
    Bytes& operator=(const Bytes&) = delete;
    ~Bytes() { PyBuffer_Release(&buffer_); }
    [[nodiscard]] std::span<const std::byte> view() const noexcept {
        return {static_cast<const std::byte*>(buffer_.buf), static_cast<std::size_t>(buffer_.len)};
    }

private:
    Py_buffer buffer_{};
};

std::shared_ptr<Genome> decode(const py::object& data, const py::object& sequence) {
    const Bytes bytes(data);
    std::optional<Bytes> bases;
    if (!sequence.is_none()) bases.emplace(sequence);
    GilReleased release;
    return std::make_shared<Genome>(Genome::decode(bytes.view(), bases ? bases->view() : std::span<const std::byte>{}));
}

// --- locations -------------------------------------------------------------------------------------------------

struct LocationView {
    GenomePtr genome;
    const Location* location;
};

/// The strand of all parts, or 0 where they disagree or have none.
int common_strand(const Location& location) noexcept {
    if (location.parts.empty()) return 0;
    for (const Interval& part : location.parts) {
        if (part.strand != location.parts.front().strand) return 0;
    }
    return sign(location.parts.front().strand);
}

py::tuple interval_tuple(const Location& location, const py::object& interval) {
    py::tuple parts(location.parts.size());
    for (std::size_t i = 0; i < location.parts.size(); ++i) {
        const Interval& part = location.parts[i];
        parts[i] = interval(part.start, part.end, sign(part.strand), part.before_start, part.after_end, text_of(part.accession));
    }
    return parts;
}

void bind_location(py::module_& m) {
    // A named tuple: intervals are plain values, and `start, end, strand, *_ = part` is how they are used.
    const py::object interval = py::module_::import("collections").attr("namedtuple")(
        "Interval", "start end strand before_start after_end accession", py::arg("module") = m.attr("__name__"));
    interval.attr("__doc__") = "One span of a location: 0-based, half-open, strand +1, -1 or 0; the flags are `<` and `>` in the file.";
    m.attr("Interval") = interval;
    py::class_<LocationView>(m, "Location", py::module_local(), "Where a feature lies: its spans in reading order, 5' to 3'.")
        .def_property_readonly("kind", [](const LocationView& v) { return kind_name(v.location->kind); })
        .def_property_readonly("text", [](const LocationView& v) { return text_of(v.location->text); })
        .def_property_readonly("parts", [interval](const LocationView& v) { return interval_tuple(*v.location, interval); })
        .def_property_readonly("strand", [](const LocationView& v) { return common_strand(*v.location); })
        .def("__str__", [](const LocationView& v) { return text_of(v.location->text); })
        .def("__repr__", [](const LocationView& v) {
            return py::str("<Location {} {}>").format(kind_name(v.location->kind), text_of(v.location->text));
        });
}

// --- features --------------------------------------------------------------------------------------------------
// A plain C type instead of a pybind11 class: genomes have 1e3 to 1e5 features with ten values each, and touching
// all of them should cost no more than making those values.

/// What the features of a record share.
struct FeatureOwner {
    GenomePtr genome;
    /// Kinds and keys by address, which is the same for equal words of a genome.
    std::unordered_map<const char*, py::object> words{};
    /// Those asked for last, by some bits of the address: nearly all of the few words of a file.
    std::array<std::pair<const char*, PyObject*>, 256> recent{};

    /// Borrowed; null with a Python error set.
    PyObject* word(std::string_view text) {
        const auto address = static_cast<std::uint64_t>(reinterpret_cast<std::uintptr_t>(text.data()));
        auto& [at, made] = recent[address * 0x9e3779b97f4a7c15ULL >> 56];
        if (at != text.data() || made == nullptr) {
            made = known_word(text);
            at = text.data();
        }
        return made;
    }

private:
    PyObject* known_word(std::string_view text) {
        py::object& known = words[text.data()];
        if (!known) {
            PyObject* made = new_text(text);
            if (made != nullptr) PyUnicode_InternInPlace(&made);
            known = py::reinterpret_steal<py::object>(made);
        }
        return known.ptr();
    }
};

struct FeatureObject {
    PyObject_HEAD
    PyObject* owner;       ///< capsule of a FeatureOwner
    const Feature* feature;
    PyObject* kind;
    PyObject* location;    ///< null until asked for
    PyObject* qualifiers;  ///< null until asked for
};

FeatureObject* as_feature(PyObject* self) noexcept { return reinterpret_cast<FeatureObject*>(self); }
FeatureOwner& owner_of(PyObject* self) noexcept {
    return *static_cast<FeatureOwner*>(PyCapsule_GetPointer(as_feature(self)->owner, nullptr));
}

void feature_dealloc(PyObject* self) {
    PyTypeObject* const type = Py_TYPE(self);
    Py_XDECREF(as_feature(self)->owner);
    Py_XDECREF(as_feature(self)->kind);
    Py_XDECREF(as_feature(self)->location);
    Py_XDECREF(as_feature(self)->qualifiers);
    type->tp_free(self);
    Py_DECREF(type);
}

PyObject* new_pair(FeatureOwner& owner, const Qualifier& qualifier) {
    PyObject* const pair = PyTuple_New(2);
    if (pair == nullptr) return nullptr;
    PyObject* const key = owner.word(qualifier.key);
    PyObject* const value = qualifier.has_value() ? new_text(qualifier.value) : Py_NewRef(Py_None);
    PyTuple_SET_ITEM(pair, 0, Py_XNewRef(key));
    PyTuple_SET_ITEM(pair, 1, value);
    if (key == nullptr || value == nullptr) {
        Py_DECREF(pair);
        return nullptr;
    }
    // Strings make no cycles: the collector need not look at thousands of pairs.
    PyObject_GC_UnTrack(pair);
    return pair;
}

PyObject* feature_qualifiers(PyObject* self, void*) {
    FeatureObject* const object = as_feature(self);
    if (object->qualifiers == nullptr) {
        const std::span<const Qualifier> qualifiers = object->feature->qualifiers;
        PyObject* const all = PyTuple_New(static_cast<py::ssize_t>(qualifiers.size()));
        if (all == nullptr) return nullptr;
        FeatureOwner& owner = owner_of(self);
        for (std::size_t i = 0; i < qualifiers.size(); ++i) {
            PyObject* const pair = new_pair(owner, qualifiers[i]);
            if (pair == nullptr) {
                Py_DECREF(all);
                return nullptr;
            }
            PyTuple_SET_ITEM(all, static_cast<py::ssize_t>(i), pair);
        }
        if (PyObject_GC_IsTracked(all) != 0) PyObject_GC_UnTrack(all);
        object->qualifiers = all;
    }
    return Py_NewRef(object->qualifiers);
}

PyObject* feature_location(PyObject* self, void*) {
    FeatureObject* const object = as_feature(self);
    if (object->location == nullptr) {
        try {
            object->location = py::cast(LocationView{owner_of(self).genome, &object->feature->location}).release().ptr();
        } catch (py::error_already_set& error) {
            error.restore();
            return nullptr;
        }
    }
    return Py_NewRef(object->location);
}

PyObject* feature_line(PyObject* self, void*) { return PyLong_FromLongLong(as_feature(self)->feature->line); }

PyObject* feature_repr(PyObject* self) {
    const Feature& feature = *as_feature(self)->feature;
    PyObject* const where = new_text(feature.location.text.substr(0, 80));
    if (where == nullptr) return nullptr;
    PyObject* const text = PyUnicode_FromFormat("<Feature %U %U, %zu qualifiers, line %lld>", as_feature(self)->kind, where,
                                                feature.qualifiers.size(), static_cast<long long>(feature.line));
    Py_DECREF(where);
    return text;
}

/// Makes the type; it belongs to the module, as heap types do.
py::object make_feature_type(const std::string& module_name) {
    // Descriptions must outlive the type: Python keeps pointers to them.
    static PyMemberDef members[] = {
        {"kind", T_OBJECT_EX, offsetof(FeatureObject, kind), READONLY, "As in the file: CDS, gene, regulatory, ..."},
        {nullptr, 0, 0, 0, nullptr},
    };
    static PyGetSetDef getters[] = {
        {"location", feature_location, nullptr, "Where it lies.", nullptr},
        {"qualifiers", feature_qualifiers, nullptr, "Tuple of (key, value) in file order; value is None for a flag.", nullptr},
        {"line", feature_line, nullptr, "1-based line on which it starts.", nullptr},
        {nullptr, nullptr, nullptr, nullptr, nullptr},
    };
    static PyType_Slot slots[] = {
        {Py_tp_dealloc, reinterpret_cast<void*>(feature_dealloc)},
        {Py_tp_repr, reinterpret_cast<void*>(feature_repr)},
        {Py_tp_members, members},
        {Py_tp_getset, getters},
        {Py_tp_doc, const_cast<char*>("One entry of a feature table: everything that the file says about it.")},
        {0, nullptr},
    };
    const std::string name = module_name + ".Feature";
    PyType_Spec spec{name.c_str(), sizeof(FeatureObject), 0,
                     Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE | Py_TPFLAGS_DISALLOW_INSTANTIATION, slots};
    PyObject* const type = PyType_FromSpec(&spec);
    if (type == nullptr) throw py::error_already_set();
    return py::reinterpret_steal<py::object>(type);
}

py::tuple make_features(const GenomePtr& genome, const Record& record, const py::object& type) {
    auto* const shared = new FeatureOwner{genome};
    const py::capsule owner(shared, [](void* pointer) { delete static_cast<FeatureOwner*>(pointer); });
    py::tuple features(record.features.size());
    auto* const feature_type = reinterpret_cast<PyTypeObject*>(type.ptr());
    for (std::size_t i = 0; i < record.features.size(); ++i) {
        PyObject* const kind = shared->word(record.features[i].kind);
        PyObject* const made = kind == nullptr ? nullptr : feature_type->tp_alloc(feature_type, 0);
        if (made == nullptr) throw py::error_already_set();
        FeatureObject* const object = as_feature(made);
        object->owner = Py_NewRef(owner.ptr());
        object->feature = &record.features[i];
        object->kind = Py_NewRef(kind);
        PyTuple_SET_ITEM(features.ptr(), static_cast<py::ssize_t>(i), made);
    }
    return features;
}

// --- records ---------------------------------------------------------------------------------------------------

struct RecordView {
    GenomePtr genome;
    const Record* record;
    py::object features{};  ///< null until asked for
    py::object sequence{};
};

void bind_record(py::module_& m) {
    const py::object feature_type = make_feature_type(py::cast<std::string>(m.attr("__name__")));
    m.attr("Feature") = feature_type;
    py::class_<RecordView>(m, "Record", py::module_local(), "One entry of a file: a chromosome, plasmid or contig.")
        .def_property_readonly("name", [](const RecordView& v) { return text_of(v.record->name); })
        .def_property_readonly("accession", [](const RecordView& v) { return text_of(v.record->accession); })
        .def_property_readonly("definition", [](const RecordView& v) { return text_of(v.record->definition); })
        .def_property_readonly("organism", [](const RecordView& v) { return text_of(v.record->organism); })
        .def_property_readonly("molecule_type", [](const RecordView& v) { return text_of(v.record->molecule_type); })
        .def_property_readonly("division", [](const RecordView& v) { return text_of(v.record->division); })
        .def_property_readonly("date", [](const RecordView& v) { return text_of(v.record->date); })
        .def_property_readonly("topology", [](const RecordView& v) { return topology_name(v.record->topology); })
        .def_property_readonly("length_nt", [](const RecordView& v) { return v.record->length_nt; })
        .def_property_readonly("sequence",
                               [](RecordView& v) {
                                   if (!v.sequence) v.sequence = text_of(v.record->sequence);
                                   return v.sequence;
                               })
        .def_property_readonly("features",
                               [feature_type](RecordView& v) {
                                   if (!v.features) v.features = make_features(v.genome, *v.record, feature_type);
                                   return v.features;
                               })
        .def("__repr__", [](const RecordView& v) {
            return py::str("<Record {}: {:,} nt, {}, {} features>")
                .format(text_of(v.record->accession), v.record->length_nt, topology_name(v.record->topology),
                        v.record->features.size());
        });
}

// --- genes -----------------------------------------------------------------------------------------------------

struct GeneView {
    GenomePtr genome;
    const Gene* gene;
    py::object parts{};  ///< null until asked for
    py::object codons{};
};

py::tuple part_tuple(const Gene& gene) {
    py::tuple parts(gene.parts.size());
    for (std::size_t i = 0; i < gene.parts.size(); ++i) parts[i] = py::make_tuple(gene.parts[i].start, gene.parts[i].end);
    return parts;
}

/// The codons of a protein gene, the stop included; codons that repeat share their string.
py::tuple codon_tuple(const Genome& genome, const Gene& gene) {
    if (gene.kind != GeneKind::protein) return py::tuple(0);
    const std::string coding = genome.coding_sequence(gene);
    const auto skip = static_cast<std::size_t>(gene.codon_start - 1);
    const std::size_t count = coding.size() > skip ? (coding.size() - skip) / 3 : 0;
    std::unordered_map<std::string_view, py::object> known;
    py::tuple codons(count);
    for (std::size_t i = 0; i < count; ++i) {
        const std::string_view letters = std::string_view(coding).substr(skip + 3 * i, 3);
        py::object& codon = known[letters];
        if (!codon) codon = text_of(letters);
        codons[i] = codon;
    }
    return codons;
}

py::str gene_repr(const GeneView& v) {
    const Gene& gene = *v.gene;
    return py::str("<Gene {}{}{}: {}, {}..{} ({}){}>")
        .format(text_of(gene.locus_tag), gene.name.empty() ? "" : " ", text_of(gene.name), std::string(name(gene.kind)),
                gene.start, gene.end, gene.strand == Strand::reverse ? "-" : gene.strand == Strand::forward ? "+" : "?",
                gene.defect.empty() ? py::str("") : py::str(", defect: {}").format(text_of(gene.defect)));
}

void bind_gene(py::module_& m) {
    py::class_<GeneView>(m, "Gene", py::module_local(),
                         "A gene as the cell uses it. Coordinates are 0-based, half-open, on the forward strand.")
        .def_property_readonly("locus_tag", [](const GeneView& v) { return text_of(v.gene->locus_tag); })
        .def_property_readonly("name", [](const GeneView& v) { return text_of(v.gene->name); })
        .def_property_readonly("product", [](const GeneView& v) { return text_of(v.gene->product); })
        .def_property_readonly("kind", [](const GeneView& v) { return std::string(name(v.gene->kind)); },
                               "One of protein, rRNA, tRNA, tmRNA, ncRNA, pseudo.")
        .def_property_readonly("strand", [](const GeneView& v) { return sign(v.gene->strand); }, "+1, -1, or 0 where unknown.")
        .def_property_readonly("start", [](const GeneView& v) { return v.gene->start; })
        .def_property_readonly("end", [](const GeneView& v) { return v.gene->end; },
                               "Beyond the replicon's length for a gene across the origin.")
        .def_property_readonly("parts",
                               [](GeneView& v) {
                                   if (!v.parts) v.parts = part_tuple(*v.gene);
                                   return v.parts;
                               },
                               "Tuple of (start, end) in reading order, 5' to 3'.")
        .def_property_readonly("length_nt", [](const GeneView& v) { return v.gene->length_nt; }, "Sum over the parts.")
        .def_property_readonly("codons",
                               [](GeneView& v) {
                                   if (!v.codons) v.codons = codon_tuple(*v.genome, *v.gene);
                                   return v.codons;
                               },
                               "The codons as DNA triplets, the stop included; empty unless the kind is protein.")
        .def_property_readonly("protein", [](const GeneView& v) { return text_of(v.gene->protein); },
                               "What our decoder translates, in one-letter codes.")
        .def_property_readonly("translation_table", [](const GeneView& v) { return v.gene->translation_table; })
        .def_property_readonly("codon_start", [](const GeneView& v) { return v.gene->codon_start; })
        .def_property_readonly("pseudo", [](const GeneView& v) { return v.gene->pseudo; })
        .def_property_readonly("has_stop", [](const GeneView& v) { return v.gene->has_stop; },
                               "The coding sequence ends with a stop codon.")
        .def_property_readonly("defect", [](const GeneView& v) { return text_of(v.gene->defect); },
                               "Why the gene cannot be executed; empty if it can.")
        .def_property_readonly("line", [](const GeneView& v) { return v.gene->line; })
        .def_property_readonly("replicon", [](const GeneView& v) { return index(v.gene->replicon); },
                               "Index of its record.")
        .def("__eq__",
             [](const GeneView& v, const py::object& other) {
                 return py::isinstance<GeneView>(other) && py::cast<const GeneView&>(other).gene == v.gene;
             },
             py::arg("other"))
        .def("__hash__", [](const GeneView& v) { return std::hash<const Gene*>{}(v.gene); })
        .def("__repr__", gene_repr);
}

// --- the genome ------------------------------------------------------------------------------------------------

py::tuple record_tuple(const GenomePtr& genome) {
    const std::span<const Record> records = genome->records();
    py::tuple all(records.size());
    for (std::size_t i = 0; i < records.size(); ++i) all[i] = RecordView{genome, &records[i]};
    return all;
}

py::tuple gene_tuple(const GenomePtr& genome) {
    const std::span<const Gene> genes = genome->genes();
    py::tuple all(genes.size());
    for (std::size_t i = 0; i < genes.size(); ++i) all[i] = GeneView{genome, &genes[i]};
    return all;
}

py::tuple report_tuple(const Genome& genome) {
    py::tuple all(genome.report().size());
    for (std::size_t i = 0; i < genome.report().size(); ++i) all[i] = genome.report()[i];
    return all;
}

void bind_report(py::module_& m) {
    py::class_<ReportEntry>(m, "ReportEntry", py::module_local(), "Something tolerable that a reader should know.")
        .def_property_readonly("code", [](const ReportEntry& e) { return text_of(e.code); }, "A short stable name.")
        .def_property_readonly("message", [](const ReportEntry& e) { return text_of(e.message); })
        .def_property_readonly("line", [](const ReportEntry& e) { return e.line; }, "1-based; 0 for the whole file.")
        .def_property_readonly("feature", [](const ReportEntry& e) { return text_of(e.feature); })
        .def("__repr__", [](const ReportEntry& e) {
            return py::str("<ReportEntry {} line {} {}: {}>")
                .format(text_of(e.code), e.line, text_of(e.feature), text_of(e.message));
        });
}

void bind_whole(py::module_& m) {
    py::class_<Genome, std::shared_ptr<Genome>>(m, "Genome", py::module_local(),
                                                "A decoded genome file: what the file says, and its genes. Immutable.")
        .def_property_readonly("format", [](const Genome& g) { return format_name(g.format()); }, "genbank, gff3 or fasta.")
        .def_property_readonly("records", [](const std::shared_ptr<Genome>& g) { return record_tuple(g); })
        .def_property_readonly("genes", [](const std::shared_ptr<Genome>& g) { return gene_tuple(g); },
                               "In file order of records, then by start and end.")
        .def_property_readonly("report", report_tuple)
        .def_property_readonly("fingerprint", &Genome::fingerprint, "64-bit digest of the decompressed input.")
        .def_property_readonly("memory_bytes", &Genome::memory_bytes)
        .def("__repr__", [](const Genome& g) {
            return py::str("<Genome {}: {} records, {} genes, {} report entries, fingerprint {}>")
                .format(format_name(g.format()), g.records().size(), g.genes().size(), g.report().size(), g.fingerprint());
        });
}

}  // namespace

void bind_genome(py::module_& m) {
    bind_report(m);
    bind_location(m);
    bind_record(m);
    bind_gene(m);
    bind_whole(m);
    m.def("decode", &decode, py::arg("data"), py::arg("sequence") = py::none(),
          "Decodes a decompressed GenBank, GFF3 or FASTA file; `sequence` is the FASTA of a GFF3 file without its own.");
    m.def("combine",
          [](const std::vector<const Genome*>& genomes) { return std::make_shared<Genome>(Genome::combine(genomes)); },
          py::arg("genomes"), "Several genomes as one: records and genes one genome after the other.");
    m.def("translate", [](const std::string& sequence, int table) { return translate(sequence, table); }, py::arg("sequence"),
          py::arg("table") = 11, "Translates codons (T or U, IUPAC) with an NCBI table; `*` for stops, `X` where ambiguous.");
    m.def("is_start_codon", [](const std::string& codon, int table) { return is_start_codon(codon, table); }, py::arg("codon"),
          py::arg("table") = 11, "Whether the codon may start a protein in the NCBI table.");
    const std::span<const int> tables = translation_tables();
    py::tuple numbers(tables.size());
    for (std::size_t i = 0; i < tables.size(); ++i) numbers[i] = tables[i];
    m.attr("TRANSLATION_TABLES") = numbers;
}
