#include "genome/gff3.hpp"

#include "genome/fasta.hpp"
#include "genome/format.hpp"
#include "genome/location.hpp"
#include "genome/text.hpp"

#include <bioxen/error.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <string>

namespace bioxen::decoder {
namespace {

constexpr std::uint32_t none = 0xffffffffU;

/// One line of the table.
struct Row {
    std::uint32_t record = 0;
    std::uint32_t next_part = none;    ///< the next row of the same feature
    std::uint32_t last_part = none;    ///< of a first row: the last of its feature
    std::uint32_t next_same_id = none; ///< of a first row: the next feature that was given the same ID
    std::uint32_t feature = none;      ///< of a first row: index among the features of its record
    bool first = true;
    std::string_view naming;           ///< the gene name, else the Name
    Interval span;
    std::string_view kind;
    std::span<const Qualifier> qualifiers;
    std::string_view parents;          ///< as written
    std::int64_t line = 0;
    std::int64_t offset = 0;
};

int hex_value(char c) noexcept {
    if (is_digit(c)) return c - '0';
    const char upper = to_upper(c);
    return upper >= 'A' && upper <= 'F' ? upper - 'A' + 10 : -1;
}

class Gff3Reader {
public:
    Gff3Reader(std::string_view text, std::size_t offset, std::int64_t first_line, Draft& draft)
        : lines_(text, offset, first_line), draft_(draft) {}

    ParentTable read(std::string_view sequence);

private:
    std::size_t record_of(std::string_view seqid);
    void read_directive(std::string_view line);
    void read_row(std::string_view line);
    [[nodiscard]] std::int64_t coordinate(std::string_view field, const char* what);
    [[nodiscard]] Strand strand(std::string_view field);
    void read_attributes(std::string_view field, Row& row);
    void read_attribute(std::string_view item, Row& row);
    [[nodiscard]] std::string_view decode(std::string_view raw);
    void file_row(Row& row);
    void append_part(std::uint32_t first, Row& row);
    void read_sequence_file(std::string_view sequence);
    void read_sequences(LineReader& lines, bool embedded);
    void build_features(ParentTable& parents);
    void build_location(Row& first, Feature& feature);
    void push_span(const Row& row);
    void rotate_over_origin(const Record& record);
    void write_location_text();
    [[nodiscard]] std::int64_t find_parent(const Row& row);
    void break_cycles(std::size_t record, std::vector<std::int64_t>& parents);

    LineReader lines_;
    Draft& draft_;
    StringMap seqids_;
    std::string_view last_seqid_;
    std::size_t last_record_ = 0;
    std::vector<Row> rows_;
    StringMap by_id_;          ///< ID -> the first feature that bears it
    StringMap by_id_and_name_; ///< ID, salted with name, kind and record -> a feature that shares its ID
    std::vector<Qualifier> qualifiers_;
    std::vector<Interval> parts_;
    std::string scratch_;
    // of the row being read
    std::string_view id_;
    std::string_view gene_;
    std::string_view name_;
};

ParentTable Gff3Reader::read(std::string_view sequence) {
    // Lines are rarely shorter; growing these tables row by row would cost more than reading the rows.
    constexpr std::size_t bytes_a_row = 96;
    const std::size_t expected_rows = std::min(lines_.rest().size() / bytes_a_row, std::size_t{1} << 20);
    rows_.reserve(expected_rows);
    by_id_.reserve(expected_rows);
    std::string_view line;
    bool embedded = false;
    while (!embedded && lines_.read(line)) {
        if (line.starts_with("##FASTA") || (!line.empty() && line[0] == '>')) {
            if (line[0] == '>') lines_.unread();
            embedded = true;
        } else if (!line.empty() && line[0] == '#') {
            read_directive(line);
        } else if (!trim(line).empty()) {
            read_row(line);
        }
    }
    if (embedded) read_sequences(lines_, true);
    if (!sequence.empty()) read_sequence_file(sequence);
    for (const Record& record : draft_.records) {
        if (record.sequence.empty()) {
            draft_.report.add("no-sequence", "neither ##FASTA nor a sequence file holds it; its genes cannot be executed", 0,
                              record.name);
        }
    }
    ParentTable parents;
    build_features(parents);
    return parents;
}

std::size_t Gff3Reader::record_of(std::string_view seqid) {
    if (seqid == last_seqid_ && !seqid.empty()) return last_record_;
    const std::string_view name = decode(seqid);
    std::uint32_t& index = seqids_.at(name, none);
    if (index == none) {
        index = static_cast<std::uint32_t>(draft_.add_record());
        draft_.records[index].name = name;
        draft_.records[index].accession = name;
    }
    last_seqid_ = seqid;
    last_record_ = index;
    return index;
}

void Gff3Reader::read_directive(std::string_view line) {
    std::string_view rest = line;
    const std::string_view word = next_word(rest);
    if (word == "##gff-version") {
        const std::string_view version = next_word(rest);
        if (!version.starts_with('3')) {
            refuse("GFF version '" + excerpt(version) + "' is not supported; expected GFF3 ('##gff-version 3')", lines_.place());
        }
    } else if (word == "##sequence-region") {
        const std::string_view seqid = next_word(rest);
        (void)next_word(rest);
        const auto end = parse_number(next_word(rest));
        if (seqid.empty() || !end) {
            draft_.report.add("odd-directive", "expected '##sequence-region seqid start end'", lines_.place().line);
            return;
        }
        draft_.records[record_of(seqid)].length_nt = *end;
    }
}

void Gff3Reader::read_row(std::string_view line) {
    std::array<std::string_view, 9> field{};
    std::size_t n = 0;
    std::string_view rest = line;
    for (; n < 8; ++n) {
        const std::size_t tab = rest.find('\t');
        field[n] = rest.substr(0, tab);
        rest = tab == std::string_view::npos ? std::string_view{} : rest.substr(tab + 1);
        if (tab == std::string_view::npos) {
            ++n;
            break;
        }
    }
    if (n < 8) {
        refuse("a GFF3 line has nine columns separated by tabs; found " + std::to_string(n) + " in '" + excerpt(line) + "'",
               lines_.place());
    }
    field[8] = rest;
    if (rest.empty()) draft_.report.add("gff-columns", "a line has eight columns: no attributes", lines_.place().line);
    draft_.count_feature(lines_.place());
    Row row;
    row.line = lines_.place().line;
    row.offset = lines_.place(field[3].data()).offset;
    row.record = static_cast<std::uint32_t>(record_of(field[0]));
    row.kind = draft_.word(decode(field[2]));
    row.span.start = coordinate(field[3], "start") - 1;
    row.span.end = coordinate(field[4], "end");
    row.span.strand = strand(field[6]);
    qualifiers_.clear();
    id_ = gene_ = name_ = {};
    if (!field[1].empty() && field[1] != ".") qualifiers_.push_back({draft_.word("source"), draft_.word(field[1])});
    if (!field[5].empty() && field[5] != ".") qualifiers_.push_back({draft_.word("score"), draft_.word(field[5])});
    if (!field[7].empty() && field[7] != ".") qualifiers_.push_back({draft_.word("phase"), draft_.word(field[7])});
    read_attributes(field[8], row);
    file_row(row);
}

std::int64_t Gff3Reader::coordinate(std::string_view field, const char* what) {
    const auto value = parse_number(trim(field));
    if (!value || *value == 0) {
        refuse(std::string("impossible coordinates: the ") + what + " '" + excerpt(field) +
                   "' is no whole number from 1; GFF3 counts from 1",
               lines_.place(field.data()));
    }
    return *value;
}

Strand Gff3Reader::strand(std::string_view field) {
    if (field == "+") return Strand::forward;
    if (field == "-") return Strand::reverse;
    if (field != "." && field != "?") {
        draft_.report.add("odd-strand", "the strand is one of + - . ?, not '" + excerpt(field) + "'", lines_.place().line);
    }
    return Strand::unknown;
}

std::string_view Gff3Reader::decode(std::string_view raw) {
    if (std::memchr(raw.data(), '%', raw.size()) == nullptr) return draft_.arena.copy(raw);
    scratch_.clear();
    for (std::size_t i = 0; i < raw.size(); ++i) {
        const bool escape = raw[i] == '%' && i + 2 < raw.size() && hex_value(raw[i + 1]) >= 0 && hex_value(raw[i + 2]) >= 0;
        if (escape) {
            scratch_ += static_cast<char>(hex_value(raw[i + 1]) * 16 + hex_value(raw[i + 2]));
            i += 2;
        } else {
            scratch_ += raw[i];
        }
    }
    return draft_.arena.copy(std::string_view(scratch_));
}

void Gff3Reader::read_attributes(std::string_view field, Row& row) {
    field = trim(field);
    if (field != ".") {
        while (!field.empty()) {
            const std::size_t stop = field.find(';');
            const std::string_view item = trim(field.substr(0, stop));
            if (!item.empty()) read_attribute(item, row);
            field = stop == std::string_view::npos ? std::string_view{} : field.substr(stop + 1);
        }
    }
    row.qualifiers = draft_.arena.copy(std::span<const Qualifier>(qualifiers_));
    row.naming = gene_.empty() ? name_ : gene_;
}

void Gff3Reader::read_attribute(std::string_view item, Row& row) {
    const std::size_t equals = item.find('=');
    if (equals == std::string_view::npos) {
        if (item.find(" \"") != std::string_view::npos) {
            refuse("attributes look like GTF or GFF2 ('" + excerpt(item) + "'); expected GFF3, key=value;key=value",
                   lines_.place(item.data()));
        }
        draft_.report.add("odd-attribute", "an attribute is written key=value: '" + excerpt(item) + "'", lines_.place().line);
        qualifiers_.push_back({draft_.word(item), {}});
        return;
    }
    const std::string_view raw_key = item.substr(0, equals);
    const bool escaped = std::memchr(raw_key.data(), '%', raw_key.size()) != nullptr;
    const std::string_view key = draft_.word(escaped ? decode(raw_key) : raw_key);
    const std::string_view raw = item.substr(equals + 1);
    const std::string_view value = decode(raw);
    qualifiers_.push_back({key, value});
    if (key == "ID") {
        id_ = value;
    } else if (key == "Parent") {
        row.parents = raw;
    } else if (key == "gene") {
        gene_ = value;
    } else if (key == "Name") {
        name_ = value;
    } else if (key == "start_range" && value.starts_with(".,")) {  // NCBI's way to write `<`
        row.span.before_start = true;
    } else if (key == "end_range" && value.ends_with(",.")) {
        row.span.after_end = true;
    } else if (key == "Is_circular" && same_ignoring_case(value, "true")) {
        Record& record = draft_.records[row.record];
        record.topology = Topology::circular;
        if (record.length_nt == 0) record.length_nt = row.span.end;
    }
}

/// Lines with one ID are parts of one feature. Some files give one ID to neighbours that bear different gene names;
/// those are features of their own.
void Gff3Reader::file_row(Row& row) {
    const auto index = static_cast<std::uint32_t>(rows_.size());
    row.last_part = index;
    if (id_.empty()) {
        rows_.push_back(row);
        return;
    }
    const std::uint32_t head = by_id_.at(id_, index);
    if (head == index) {
        rows_.push_back(row);
        return;
    }
    const auto belongs = [&](std::uint32_t other) {
        return rows_[other].kind.data() == row.kind.data() && rows_[other].record == row.record;
    };
    const std::string_view naming = rows_[head].naming;
    if (belongs(head) && (row.naming.empty() || naming.empty() || row.naming == naming)) {
        append_part(head, row);
        return;
    }
    const std::uint64_t kind_and_record = hash_text(row.kind, row.record);
    const std::uint32_t twin = by_id_and_name_.at(id_, index, hash_text(row.naming, kind_and_record));
    if (twin != index && belongs(twin)) {
        append_part(twin, row);
        return;
    }
    draft_.report.add("duplicate-id", "one ID is given to several features, told apart by name, kind or record", row.line, id_);
    row.next_same_id = rows_[head].next_same_id;
    rows_.push_back(row);
    rows_[head].next_same_id = index;
}

void Gff3Reader::append_part(std::uint32_t first, Row& row) {
    row.first = false;
    const auto index = static_cast<std::uint32_t>(rows_.size());
    rows_.push_back(row);
    rows_[rows_[first].last_part].next_part = index;
    rows_[first].last_part = index;
}

/// Lines and offsets are those of that file, which errors therefore name.
void Gff3Reader::read_sequence_file(std::string_view sequence) {
    try {
        const FormatFinding found = find_format(sequence);
        if (found.format != GenomeFormat::fasta) {
            refuse("it is not FASTA; give the annotation first and the sequence (>name) second",
                   {found.line, static_cast<std::int64_t>(found.offset)});
        }
        LineReader lines(sequence, found.offset, found.line);
        read_sequences(lines, false);
    } catch (const InputError& error) {
        throw InputError{error.kind(), std::string("sequence file: ") + error.what(), error.line(), error.offset()};
    }
}

void Gff3Reader::read_sequences(LineReader& lines, bool embedded) {
    read_fasta_records(lines, draft_, [&](std::string_view name, std::string_view description, Place place) -> std::size_t {
        const std::uint32_t* known = seqids_.find(name);
        if (known == nullptr) {
            // U00096 and U00096.3 are the same molecule in different words.
            const std::string_view bare = name.substr(0, name.rfind('.'));
            for (std::size_t i = 0; i < draft_.records.size() && i < 64; ++i) {
                const std::string_view other = draft_.records[i].name;
                if (draft_.records[i].sequence.empty() && (other == bare || other.substr(0, other.rfind('.')) == name)) {
                    draft_.report.add("seqid-version", "the sequence '" + excerpt(name) + "' was taken for this record", place.line,
                                      other);
                    draft_.records[i].definition = draft_.arena.copy(description);
                    return i;
                }
            }
        }
        if (known != nullptr && !draft_.records[*known].sequence.empty()) {
            draft_.report.add("duplicate-record", embedded ? "two sequences have the same name; the first counts"
                                                           : "the sequence is in the GFF3 file already, which counts",
                              place.line, name);
            return skip_record;
        }
        std::size_t index = 0;
        if (known != nullptr) {
            index = *known;
        } else {
            index = draft_.add_record();
            draft_.records[index].name = draft_.arena.copy(name);
            draft_.records[index].accession = draft_.records[index].name;
            (void)seqids_.at(draft_.records[index].name, static_cast<std::uint32_t>(index));
        }
        draft_.records[index].definition = draft_.arena.copy(description);
        return index;
    });
}

void Gff3Reader::build_features(ParentTable& parents) {
    std::vector<std::size_t> counts(draft_.records.size(), 0);
    for (Row& row : rows_) {
        if (row.first) row.feature = static_cast<std::uint32_t>(counts[row.record]++);
    }
    parents.resize(draft_.records.size());
    std::vector<std::vector<std::int64_t>> offsets(draft_.records.size());
    for (std::size_t i = 0; i < counts.size(); ++i) {
        draft_.records[i].features.reserve(counts[i]);
        parents[i].reserve(counts[i]);
        offsets[i].reserve(counts[i]);
    }
    for (Row& row : rows_) {
        if (!row.first) continue;
        Feature feature;
        feature.kind = row.kind;
        feature.qualifiers = row.qualifiers;
        feature.line = row.line;
        build_location(row, feature);
        draft_.records[row.record].features.push_back(feature);
        parents[row.record].push_back(row.parents.empty() ? -1 : find_parent(row));
        offsets[row.record].push_back(row.offset);
    }
    for (std::size_t i = 0; i < draft_.records.size(); ++i) {
        settle_coordinates(draft_, i, offsets[i]);
        break_cycles(i, parents[i]);
    }
}

/// Adds the row's span to `parts_`. A circular record may be overrun: the span goes on at its start.
void Gff3Reader::push_span(const Row& row) {
    const Record& record = draft_.records[row.record];
    const std::int64_t length = record.length_nt;
    const Interval& span = row.span;
    const bool overruns = record.topology == Topology::circular && length > 0 && span.end > length && span.start < length &&
                          span.end - span.start <= length;
    if (!overruns) {
        parts_.push_back(span);
        return;
    }
    Interval upper = span;
    upper.end = length;
    upper.after_end = false;
    Interval lower = span;
    lower.start = 0;
    lower.end = span.end - length;
    lower.before_start = false;
    parts_.push_back(span.strand == Strand::reverse ? lower : upper);
    parts_.push_back(span.strand == Strand::reverse ? upper : lower);
}

void Gff3Reader::build_location(Row& first, Feature& feature) {
    parts_.clear();
    push_span(first);
    std::int64_t count = 1;
    for (std::uint32_t i = first.next_part; i != none; i = rows_[i].next_part) {
        if (++count > draft_.limits.location_parts) {
            refuse("more than " + std::to_string(draft_.limits.location_parts) + " lines have the same ID",
                   {rows_[i].line, rows_[i].offset});
        }
        push_span(rows_[i]);
    }
    if (count > 1) {
        const bool reverse = parts_[0].strand == Strand::reverse;
        std::stable_sort(parts_.begin(), parts_.end(), [reverse](const Interval& a, const Interval& b) {
            return reverse ? a.start > b.start : a.start < b.start;
        });
        rotate_over_origin(draft_.records[first.record]);
    }
    feature.location.kind = parts_.size() > 1 ? LocationKind::join : LocationKind::span;
    write_location_text();
    feature.location.text = draft_.arena.copy(std::string_view(scratch_));
    feature.location.parts = draft_.arena.copy(std::span<const Interval>(parts_));
    if (count == 1) return;
    // The reading frame is that of the 5' part, wherever its line stands.
    for (std::uint32_t i = first.next_part; i != none; i = rows_[i].next_part) {
        if (rows_[i].span.start != parts_[0].start || rows_[i].span.end != parts_[0].end) continue;
        qualifiers_.assign(first.qualifiers.begin(), first.qualifiers.end());
        for (Qualifier& qualifier : qualifiers_) {
            if (qualifier.key != "phase") continue;
            for (const Qualifier& own : rows_[i].qualifiers) {
                if (own.key == "phase") qualifier.value = own.value;
            }
        }
        feature.qualifiers = draft_.arena.copy(std::span<const Qualifier>(qualifiers_));
        break;
    }
}

/// Parts that touch both ends of a circular record are one run across its origin.
void Gff3Reader::rotate_over_origin(const Record& record) {
    if (record.topology != Topology::circular || record.length_nt == 0 || parts_.size() < 2) return;
    const bool reverse = parts_.front().strand == Strand::reverse;
    const Interval& lowest = reverse ? parts_.back() : parts_.front();
    const Interval& highest = reverse ? parts_.front() : parts_.back();
    if (lowest.start != 0 || highest.end != record.length_nt) return;
    // Cut at the widest gap: what lies below it comes after what lies above.
    std::size_t cut = 0;
    std::int64_t widest = 0;
    for (std::size_t i = 1; i < parts_.size(); ++i) {
        const std::int64_t gap = reverse ? parts_[i - 1].start - parts_[i].end : parts_[i].start - parts_[i - 1].end;
        if (gap > widest) {
            widest = gap;
            cut = i;
        }
    }
    std::rotate(parts_.begin(), parts_.begin() + static_cast<std::ptrdiff_t>(cut), parts_.end());
}

/// Leaves the parts in `scratch_` as a GenBank file would write them.
void Gff3Reader::write_location_text() {
    scratch_.clear();
    const auto number = [this](std::int64_t value) {
        std::array<char, 24> digits{};
        const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
        scratch_.append(digits.data(), end);
    };
    const bool reverse = std::all_of(parts_.begin(), parts_.end(), [](const Interval& p) { return p.strand == Strand::reverse; });
    if (reverse) scratch_ += "complement(";
    if (parts_.size() > 1) scratch_ += "join(";
    for (std::size_t i = 0; i < parts_.size(); ++i) {
        const Interval& part = parts_[reverse ? parts_.size() - 1 - i : i];
        const bool alone = !reverse && part.strand == Strand::reverse;
        if (i > 0) scratch_ += ',';
        if (alone) scratch_ += "complement(";
        if (part.before_start) scratch_ += '<';
        number(part.start + 1);
        scratch_ += "..";
        if (part.after_end) scratch_ += '>';
        number(part.end);
        if (alone) scratch_ += ')';
    }
    if (parts_.size() > 1) scratch_ += ')';
    if (reverse) scratch_ += ')';
}

/// The first parent that is a feature of the same record; among features that share an ID the one that fits best.
/// Parents that are no features are reported wherever they stand in the list.
std::int64_t Gff3Reader::find_parent(const Row& row) {
    constexpr int most_twins = 16;
    std::int64_t parent_feature = -1;
    std::string_view list = row.parents;
    while (!list.empty()) {
        const std::size_t comma = list.find(',');
        const std::string_view raw = trim(list.substr(0, comma));
        list = comma == std::string_view::npos ? std::string_view{} : list.substr(comma + 1);
        const bool escaped = raw.find('%') != std::string_view::npos;
        const std::uint32_t* found = by_id_.find(escaped ? decode(raw) : raw);
        if (found == nullptr) {
            draft_.report.add("unknown-parent", "no feature has the ID that Parent names", row.line, raw);
            continue;
        }
        if (parent_feature >= 0) continue;
        int best_fit = -1;
        int twins = 0;
        for (std::uint32_t i = *found; i != none && twins < most_twins; i = rows_[i].next_same_id, ++twins) {
            const Row& parent = rows_[i];
            if (parent.record != row.record) continue;
            const bool equal = parent.span.start == row.span.start && parent.span.end == row.span.end;
            const bool covers = parent.span.start <= row.span.start && parent.span.end >= row.span.end;
            const int fit = equal ? 2 : covers ? 1 : 0;
            if (fit > best_fit) {
                best_fit = fit;
                parent_feature = parent.feature;
            }
        }
    }
    return parent_feature;
}

void Gff3Reader::break_cycles(std::size_t record, std::vector<std::int64_t>& parents) {
    enum : char { unseen, on_path, done };
    std::vector<char> state(parents.size(), unseen);
    for (std::size_t i = 0; i < parents.size(); ++i) {
        std::size_t at = i;
        while (state[at] == unseen) {
            state[at] = on_path;
            const std::int64_t up = parents[at];
            if (up < 0) break;
            if (state[static_cast<std::size_t>(up)] == on_path) {
                draft_.report.add("parent-cycle", "a feature is its own ancestor; the link was dropped",
                                  draft_.records[record].features[at].line, draft_.records[record].features[at].location.text);
                parents[at] = -1;
                break;
            }
            at = static_cast<std::size_t>(up);
        }
        for (at = i; state[at] == on_path;) {
            state[at] = done;
            if (parents[at] < 0) break;
            at = static_cast<std::size_t>(parents[at]);
        }
    }
}

}  // namespace

ParentTable read_gff3(std::string_view text, std::size_t offset, std::int64_t first_line, std::string_view sequence, Draft& draft) {
    return Gff3Reader(text, offset, first_line, draft).read(sequence);
}

}  // namespace bioxen::decoder
