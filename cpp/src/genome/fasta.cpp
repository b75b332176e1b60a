#include "genome/fasta.hpp"

#include <cstring>
#include <string>

namespace bioxen::decoder {
namespace {

/// An upper bound of the bases up to the next header.
std::size_t bytes_to_next_header(std::string_view rest) noexcept {
    const std::size_t next = rest.find('>');
    return next == std::string_view::npos ? rest.size() : next;
}

}  // namespace

void read_fasta_records(LineReader& lines, Draft& draft, const RecordChooser& choose) {
    std::size_t record = skip_record;
    bool seen_header = false;
    std::int64_t header_line = 0;
    const auto close = [&] {
        if (record == skip_record) return;
        draft.close_sequence(record, header_line);
        if (draft.sequences[record].size() == 0) {
            draft.report.add("no-sequence", "nothing follows the header", header_line, draft.records[record].name);
        }
    };
    std::string_view line;
    while (lines.read(line)) {
        if (!line.empty() && line[0] == '>') {
            close();
            std::string_view rest = line.substr(1);
            std::string_view name = next_word(rest);
            header_line = lines.place().line;
            record = choose(name, trim(rest), lines.place());
            seen_header = true;
            if (record != skip_record) draft.sequences[record].reserve(bytes_to_next_header(lines.rest()));
        } else if (!line.empty() && line[0] == ';') {
            continue;  // a comment, as Pearson's format had them
        } else if (record != skip_record) {
            draft.sequences[record].append_line(line, lines);
        } else if (!seen_header && !trim(line).empty()) {
            refuse("FASTA starts with a header line '>name description', not with '" + excerpt(line) + "'", lines.place());
        }
    }
    close();
}

void read_fasta(std::string_view text, std::size_t offset, std::int64_t first_line, Draft& draft) {
    LineReader lines(text, offset, first_line);
    StringMap seen;
    read_fasta_records(lines, draft, [&](std::string_view name, std::string_view description, Place place) {
        const std::size_t index = draft.add_record();
        Record& record = draft.records[index];
        if (name.empty()) {
            record.name = draft.arena.copy("record_" + std::to_string(index + 1));
            draft.report.add("no-name", "the header has no name", place.line, record.name);
        } else {
            record.name = draft.arena.copy(name);
        }
        record.accession = record.name;
        record.definition = draft.arena.copy(description);
        if (description.find("topology=circular") != std::string_view::npos) record.topology = Topology::circular;
        if (seen.at(record.name, static_cast<std::uint32_t>(index)) != index) {
            draft.report.add("duplicate-record", "two records have the same name", place.line, record.name);
        }
        return index;
    });
    draft.report.add("no-features", "FASTA has no annotation: the genome has no genes", 0);
}

}  // namespace bioxen::decoder
