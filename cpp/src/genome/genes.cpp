#include "genome/genes.hpp"

#include "genome/coding.hpp"
#include "genome/hull.hpp"
#include "genome/text.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace bioxen::decoder {
namespace {

constexpr std::uint32_t none = 0xffffffffU;
/// A gene feature lends its names to every feature below it: without a bound a small file would fill the memory.
constexpr std::size_t longest_name = 1000;
/// Equal names are looked through that far for the one at the same place.
constexpr int most_namesakes = 16;

enum class Role : std::uint8_t { other, gene, pseudogene, product, weak_product };

struct KindRole {
    std::string_view kind;
    Role role;
    GeneKind gene = GeneKind::pseudo;
};

/// INSDC feature keys and the Sequence Ontology names that GFF3 files use. `weak_product`s are genes only where a
/// gene feature says so.
constexpr KindRole kind_roles[] = {
    {"gene", Role::gene},
    {"CDS", Role::product, GeneKind::protein},
    {"tRNA", Role::product, GeneKind::tRNA},
    {"rRNA", Role::product, GeneKind::rRNA},
    {"tmRNA", Role::product, GeneKind::tmRNA},
    {"ncRNA", Role::product, GeneKind::ncRNA},
    {"pseudogene", Role::pseudogene},
    {"pseudogenic_tRNA", Role::product, GeneKind::pseudo},
    {"pseudogenic_rRNA", Role::product, GeneKind::pseudo},
    {"pseudogenic_CDS", Role::product, GeneKind::pseudo},
    {"protein_coding_gene", Role::gene},
    {"ncRNA_gene", Role::gene},
    {"tRNA_gene", Role::gene},
    {"rRNA_gene", Role::gene},
    {"scRNA", Role::product, GeneKind::ncRNA},
    {"snRNA", Role::product, GeneKind::ncRNA},
    {"snoRNA", Role::product, GeneKind::ncRNA},
    {"antisense_RNA", Role::product, GeneKind::ncRNA},
    {"SRP_RNA", Role::product, GeneKind::ncRNA},
    {"RNase_P_RNA", Role::product, GeneKind::ncRNA},
    {"RNase_MRP_RNA", Role::product, GeneKind::ncRNA},
    {"telomerase_RNA", Role::product, GeneKind::ncRNA},
    {"guide_RNA", Role::product, GeneKind::ncRNA},
    {"lncRNA", Role::product, GeneKind::ncRNA},
    {"lnc_RNA", Role::product, GeneKind::ncRNA},
    {"sRNA", Role::product, GeneKind::ncRNA},
    {"misc_RNA", Role::weak_product, GeneKind::ncRNA},
};

std::string_view bounded(std::string_view name) noexcept {
    if (name.size() <= longest_name) return name;
    std::size_t end = longest_name;
    while (end > 0 && (static_cast<unsigned char>(name[end]) & 0xc0U) == 0x80U) --end;  // no half characters
    return name.substr(0, end);
}

KindRole role_of(std::string_view kind) noexcept {
    for (const KindRole& row : kind_roles) {
        if (row.kind == kind) return row;
    }
    return {kind, Role::other, GeneKind::pseudo};
}

/// Roles by the address of the kind, which is the same for equal kinds of a draft: files have few kinds, many features.
class RoleTable {
public:
    KindRole of(std::string_view kind) {
        for (const auto& [address, role] : known_) {
            if (address == kind.data()) return role;
        }
        const KindRole role = role_of(kind);
        if (known_.size() < most_known) known_.emplace_back(kind.data(), role);
        return role;
    }

private:
    /// More would take longer to look through than `role_of` takes.
    static constexpr std::size_t most_known = 32;
    std::vector<std::pair<const char*, KindRole>> known_;
};

/// The qualifiers that matter here, found in one pass.
struct Names {
    std::string_view locus_tag;
    std::string_view gene;
    std::string_view name;        ///< GFF3 Name
    std::string_view id;          ///< GFF3 ID
    std::string_view product;
    std::string_view codon_start;
    std::string_view phase;
    std::string_view transl_table;
    std::string_view exception;
    std::string_view translation;
    bool pseudo = false;
    bool trans_splicing = false;
};

Names names_of(const Feature& feature) noexcept {
    Names names;
    const auto first = [](std::string_view& slot, const Qualifier& q) {
        if (slot.empty()) slot = q.value;
    };
    const auto affirmed = [](const Qualifier& q) { return !q.has_value() || !same_ignoring_case(q.value, "false"); };
    for (const Qualifier& q : feature.qualifiers) {
        const std::string_view key = q.key;
        switch (key.size()) {
            case 2: if (key == "ID") first(names.id, q); break;
            case 4:
                if (key == "gene") first(names.gene, q);
                if (key == "Name") first(names.name, q);
                break;
            case 5: if (key == "phase") first(names.phase, q); break;
            case 6: if (key == "pseudo") names.pseudo = names.pseudo || affirmed(q); break;
            case 7: if (key == "product") first(names.product, q); break;
            case 9:
                if (key == "locus_tag") first(names.locus_tag, q);
                if (key == "exception") first(names.exception, q);
                break;
            case 10: if (key == "pseudogene") names.pseudo = names.pseudo || affirmed(q); break;
            case 11:
                if (key == "codon_start") first(names.codon_start, q);
                if (key == "translation") first(names.translation, q);
                break;
            case 12:
                if (key == "transl_table") first(names.transl_table, q);
                if (key == "gene_biotype") names.pseudo = names.pseudo || q.value.ends_with("pseudogene");
                break;
            case 14: if (key == "trans_splicing") names.trans_splicing = affirmed(q); break;
            default: break;
        }
    }
    return names;
}

struct GeneFeature {
    Hull hull;
    Names names;
    std::uint32_t feature = 0;
    std::uint32_t next_of_tag = none;
    std::uint32_t next_of_name = none;
    bool used = false;
};

struct Product {
    Hull hull;
    Names names;
    std::uint32_t feature = none;       ///< none: a gene without product
    std::uint32_t gene = none;          ///< index among the gene features
    GeneKind kind = GeneKind::pseudo;
};

class GeneDecoder {
public:
    GeneDecoder(Draft& draft, const ParentTable& parents) : draft_(draft), all_parents_(parents) {}

    void decode() {
        for (std::size_t i = 0; i < draft_.records.size(); ++i) decode_record(i);
        make_tags_unique();
        if (without_table_ > 0) {
            draft_.report.add("default-table", std::to_string(without_table_) +
                                                   " coding sequences name no translation table; table 11 was used", 0);
        }
        if (made_tags_ > 0) {
            draft_.report.add("made-locus-tag", std::to_string(made_tags_) +
                                                    " genes have no locus tag; one was made from name or position", 0);
        }
    }

private:
    const Record& record() const { return draft_.records[record_]; }
    const Feature& feature(std::uint32_t index) const { return record().features[index]; }

    void decode_record(std::size_t index);
    void collect_gene_features();
    void collect_products();
    [[nodiscard]] std::uint32_t find_gene(const Product& product, bool weak);
    [[nodiscard]] std::uint32_t find_by_parent(std::uint32_t feature) const;
    [[nodiscard]] std::uint32_t find_namesake(std::uint32_t first, const Hull& hull, bool by_tag) const;
    void add_unused_gene_features();
    void sort_products();
    void make_gene(const Product& product);
    void name_gene(const Product& product, Gene& gene);
    void place_gene(const Product& product, Gene& gene);
    void read_coding(const Product& product, Gene& gene);
    void make_tags_unique();

    Draft& draft_;
    const ParentTable& all_parents_;
    RoleTable roles_;
    std::size_t record_ = 0;
    bool plain_ = true;
    std::vector<std::uint32_t> gene_of_feature_;  ///< GFF3 only
    std::vector<GeneFeature> gene_features_;
    std::vector<Product> products_;
    StringMap by_tag_;
    StringMap by_name_;
    StringMap by_place_;
    std::int64_t without_table_ = 0;
    std::int64_t made_tags_ = 0;
    std::string scratch_;
    /// Nested and overlapping genes read a base a few times; more would let a small file fill the memory.
    static constexpr std::int64_t coding_per_base = 6;
    std::int64_t coding_nt_ = 0;   ///< of the present record
};

void GeneDecoder::decode_record(std::size_t index) {
    record_ = index;
    if (record().features.empty()) return;
    plain_ = draft_.sequences[index].plain();
    gene_features_.clear();
    coding_nt_ = 0;
    products_.clear();
    by_tag_ = {};
    by_name_ = {};
    by_place_ = {};
    collect_gene_features();
    collect_products();
    add_unused_gene_features();
    sort_products();
    for (const Product& product : products_) make_gene(product);
}

void GeneDecoder::collect_gene_features() {
    const auto count = static_cast<std::uint32_t>(record().features.size());
    std::uint32_t genes = 0;
    for (const Feature& f : record().features) {
        const Role role = roles_.of(f.kind).role;
        genes += role == Role::gene || role == Role::pseudogene ? 1 : 0;
    }
    gene_features_.reserve(genes);  // keys of the maps point into it
    by_tag_.reserve(genes);
    by_name_.reserve(genes);
    by_place_.reserve(genes);
    gene_of_feature_.assign(all_parents_.empty() ? 0 : count, none);
    for (std::uint32_t i = 0; i < count; ++i) {
        const Role role = roles_.of(feature(i).kind).role;
        if (role != Role::gene && role != Role::pseudogene) continue;
        const auto at = static_cast<std::uint32_t>(gene_features_.size());
        GeneFeature& gene = gene_features_.emplace_back();
        gene.hull = hull_of(feature(i).location, record());
        gene.names = names_of(feature(i));
        gene.names.pseudo = gene.names.pseudo || role == Role::pseudogene;
        gene.feature = i;
        if (!gene_of_feature_.empty()) gene_of_feature_[i] = at;
        const auto chain = [&](StringMap& map, std::string_view key, std::uint32_t GeneFeature::* next) {
            if (key.empty()) return;
            const std::uint32_t head = map.at(key, at);
            if (head == at) return;
            gene.*next = gene_features_[head].*next;  // right behind the head: constant time
            gene_features_[head].*next = at;
        };
        chain(by_tag_, gene.names.locus_tag, &GeneFeature::next_of_tag);
        chain(by_name_, gene.names.gene, &GeneFeature::next_of_name);
        (void)by_place_.at(gene.hull.key(), at);
    }
}

void GeneDecoder::collect_products() {
    const auto count = static_cast<std::uint32_t>(record().features.size());
    for (std::uint32_t i = 0; i < count; ++i) {
        const KindRole role = roles_.of(feature(i).kind);
        if (role.role != Role::product && role.role != Role::weak_product) continue;
        Product product;
        product.feature = i;
        product.kind = role.gene;
        product.hull = hull_of(feature(i).location, record());
        product.names = names_of(feature(i));
        product.gene = find_gene(product, role.role == Role::weak_product);
        if (product.gene != none) {
            gene_features_[product.gene].used = true;
        } else if (role.role == Role::weak_product) {
            continue;
        }
        products_.push_back(product);
    }
}

std::uint32_t GeneDecoder::find_by_parent(std::uint32_t feature_index) const {
    if (gene_of_feature_.empty()) return none;
    const std::vector<std::int64_t>& parents = all_parents_[record_];
    std::int64_t at = parents[feature_index];
    for (int depth = 0; at >= 0 && depth < 32; ++depth) {
        const std::uint32_t gene = gene_of_feature_[static_cast<std::size_t>(at)];
        if (gene != none) return gene;
        at = parents[static_cast<std::size_t>(at)];
    }
    return none;
}

/// Of the gene features that share a tag or a name, the one at the same place, else one that covers it.
std::uint32_t GeneDecoder::find_namesake(std::uint32_t first, const Hull& hull, bool by_tag) const {
    std::uint32_t covering = none;
    int seen = 0;
    for (std::uint32_t i = first; i != none && seen < most_namesakes; ++seen) {
        const GeneFeature& gene = gene_features_[i];
        if (gene.hull.same_place(hull)) return i;
        if (covering == none && gene.hull.covers(hull)) covering = i;
        i = by_tag ? gene.next_of_tag : gene.next_of_name;
    }
    // A locus tag is an identity even where the places do not match; a name is none.
    return covering == none && by_tag ? first : covering;
}

std::uint32_t GeneDecoder::find_gene(const Product& product, bool weak) {
    const std::uint32_t by_parent = find_by_parent(product.feature);
    if (by_parent != none) return by_parent;
    if (!product.names.locus_tag.empty()) {
        const std::uint32_t* const tagged = by_tag_.find(product.names.locus_tag);
        if (tagged != nullptr) return find_namesake(*tagged, product.hull, true);
    }
    const std::uint32_t* const placed = by_place_.find(product.hull.key());
    if (placed != nullptr) {
        const std::string_view tag = gene_features_[*placed].names.locus_tag;
        if (tag.empty() || product.names.locus_tag.empty() || tag == product.names.locus_tag) return *placed;
    }
    if (!product.names.gene.empty() && !weak) {
        const std::uint32_t* const named = by_name_.find(product.names.gene);
        if (named != nullptr) return find_namesake(*named, product.hull, false);
    }
    return none;
}

void GeneDecoder::add_unused_gene_features() {
    for (std::uint32_t i = 0; i < gene_features_.size(); ++i) {
        const GeneFeature& gene = gene_features_[i];
        if (gene.used) continue;
        if (!gene.names.pseudo) {
            draft_.report.add("gene-without-product", "the gene has no CDS or RNA feature; it is kept as a pseudogene",
                              feature(gene.feature).line,
                              gene.names.locus_tag.empty() ? feature(gene.feature).location.text : gene.names.locus_tag);
        }
        Product product;
        product.gene = i;
        product.hull = gene.hull;
        products_.push_back(product);
    }
}

void GeneDecoder::sort_products() {
    const auto before = [](const Product& a, const Product& b) {
        return a.hull.start != b.hull.start ? a.hull.start < b.hull.start : a.hull.end < b.hull.end;
    };
    if (!std::is_sorted(products_.begin(), products_.end(), before)) {
        std::stable_sort(products_.begin(), products_.end(), before);
    }
}

void GeneDecoder::make_gene(const Product& product) {
    Gene& gene = draft_.genes.emplace_back();
    const GeneFeature* const owner = product.gene == none ? nullptr : &gene_features_[product.gene];
    const std::uint32_t source = product.feature != none ? product.feature : owner->feature;
    gene.feature = product.feature == none ? -1 : static_cast<std::int64_t>(product.feature);
    gene.gene_feature = owner == nullptr ? -1 : static_cast<std::int64_t>(owner->feature);
    gene.line = feature(source).line;
    gene.replicon = RepliconId{static_cast<std::uint32_t>(record_)};
    gene.pseudo = product.names.pseudo || (owner != nullptr && owner->names.pseudo) || product.kind == GeneKind::pseudo;
    gene.kind = gene.pseudo ? GeneKind::pseudo : product.kind;
    name_gene(product, gene);
    place_gene(product, gene);
    read_coding(product, gene);
}

void GeneDecoder::name_gene(const Product& product, Gene& gene) {
    const Names empty;
    const Names& owner = product.gene == none ? empty : gene_features_[product.gene].names;
    const Names& own = product.names;
    gene.name = bounded(!own.gene.empty() ? own.gene : !owner.gene.empty() ? owner.gene : owner.name);
    gene.product = bounded(own.product.empty() ? owner.product : own.product);
    std::string_view tag = own.locus_tag.empty() ? owner.locus_tag : own.locus_tag;
    if (tag.empty()) {
        ++made_tags_;
        tag = owner.id.empty() ? own.id : owner.id;
        for (const std::string_view prefix : {"gene-", "gene:", "cds-", "CDS:", "rna-"}) {
            if (tag.starts_with(prefix) && tag.size() > prefix.size()) tag.remove_prefix(prefix.size());
        }
        if (tag.empty()) tag = gene.name;
    }
    if (tag.empty()) {
        gene.locus_tag = std::string(bounded(record().name)) + ":" + std::to_string(product.hull.start + 1) + ".." +
                         std::to_string(product.hull.end) + (product.hull.strand < 0 ? "-" : "");
    } else {
        gene.locus_tag = bounded(tag);
        if (tag.size() > longest_name) {
            draft_.report.add("long-name", "a locus tag of " + std::to_string(tag.size()) + " bytes was cut", gene.line,
                              gene.locus_tag);
        }
    }
}

void GeneDecoder::place_gene(const Product& product, Gene& gene) {
    const std::uint32_t source = product.feature != none ? product.feature : gene_features_[product.gene].feature;
    const Location& location = feature(source).location;
    gene.start = product.hull.start;
    gene.end = product.hull.end;
    gene.strand = static_cast<Strand>(product.hull.strand);
    gene.parts.reserve(location.parts.size());
    for (const Interval& part : location.parts) {
        if (!part.accession.empty()) continue;
        gene.parts.push_back({part.start, part.end});
        gene.length_nt += part.end - part.start;
    }
    gene.defect = product.hull.defect;
    if (gene.defect.empty() && product.names.trans_splicing) gene.defect = "its transcript is made by trans-splicing";
    if (gene.defect.empty() && record().sequence.empty()) gene.defect = "the file has no sequence for its replicon";
}

void GeneDecoder::read_coding(const Product& product, Gene& gene) {
    const Names& names = product.names;
    if (product.feature == none || feature(product.feature).kind != "CDS") return;
    const Feature& source = feature(product.feature);
    if (names.transl_table.empty()) {
        ++without_table_;
    } else if (const auto table = parse_number(trim(names.transl_table)); table && *table < 1000) {
        gene.translation_table = static_cast<int>(*table);
    } else {
        draft_.report.add("odd-transl-table", "transl_table is no number; table 11 was used", gene.line, gene.locus_tag);
    }
    // GFF3 writes a phase, the bases to skip; INSDC the first base to read, one more.
    const bool by_phase = names.codon_start.empty() && !names.phase.empty();
    const std::string_view start = trim(by_phase ? names.phase : names.codon_start);
    if (!start.empty()) {
        const auto value = parse_number(start);
        const std::int64_t codon_start = value ? *value + (by_phase ? 1 : 0) : 0;
        if (codon_start >= 1 && codon_start <= 3) {
            gene.codon_start = static_cast<int>(codon_start);
        } else {
            draft_.report.add("odd-codon-start", "codon_start is 1, 2 or 3 (phase 0, 1 or 2); 1 was used", gene.line,
                              gene.locus_tag);
        }
    }
    if (gene.kind != GeneKind::protein || !gene.defect.empty()) return;
    if (!names.exception.empty()) {
        draft_.report.add("exception", "the file notes an exception: " + excerpt(names.exception), gene.line, gene.locus_tag);
    }
    CodingNotes notes;
    const Interval& head = source.location.parts.front();
    const Interval& tail = source.location.parts.back();
    const bool reverse = gene.strand == Strand::reverse;
    notes.five_prime_complete = !(reverse ? head.after_end : head.before_start);
    notes.three_prime_complete = !(reverse ? tail.before_start : tail.after_end);
    notes.plain = plain_;
    notes.exception = names.exception;
    const std::int64_t budget = coding_per_base * static_cast<std::int64_t>(record().sequence.size()) + 100'000;
    if ((coding_nt_ += gene.length_nt) > budget) {
        gene.defect = "the coding sequences of its replicon together are more than " + std::to_string(coding_per_base) +
                      " times as long as the replicon";
        return;
    }
    translate_gene(record(), source, notes, gene, scratch_, draft_.report);
    if (!names.translation.empty() && gene.defect.empty() && names.translation != gene.protein) {
        draft_.report.add("translation-differs", "the file's /translation is not what its bases give", gene.line, gene.locus_tag);
    }
}

/// Isoforms and careless files give one tag to several genes; later ones get a number.
void GeneDecoder::make_tags_unique() {
    StringMap seen;
    seen.reserve(draft_.genes.size());
    for (std::uint32_t i = 0; i < draft_.genes.size(); ++i) {
        Gene& gene = draft_.genes[i];
        std::uint32_t& last_number = seen.at(gene.locus_tag, none);
        if (last_number == none) {
            last_number = 1;
            continue;
        }
        std::uint32_t number = last_number;
        std::string unique;
        do {
            unique = gene.locus_tag + "_" + std::to_string(++number);
        } while (seen.find(unique) != nullptr);
        last_number = number;
        draft_.report.add("duplicate-locus-tag", "several genes have the locus tag " + gene.locus_tag, gene.line, unique);
        gene.locus_tag = std::move(unique);
        seen.at(gene.locus_tag, 1) = 1;
    }
}

}  // namespace

void decode_genes(Draft& draft, const ParentTable& parents) { GeneDecoder(draft, parents).decode(); }

}  // namespace bioxen::decoder
