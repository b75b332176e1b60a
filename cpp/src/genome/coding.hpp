#pragma once

#include <bioxen/genome.hpp>

#include <string>
#include <string_view>

namespace bioxen::decoder {

class Report;

/// The gene's parts spliced 5' to 3' on its own strand. Parts lie on the record, whose sequence is not empty.
void splice(const Record& record, const Gene& gene, std::string& out);

/// What a coding feature says about its translation, besides the location.
struct CodingNotes {
    bool five_prime_complete = true;
    bool three_prime_complete = true;
    bool plain = true;               ///< the record's sequence holds only A, C, G and T
    std::string_view exception;      ///< `/exception`
};

/// Translates a protein gene: sets protein, has_stop and, where it cannot be executed, defect.
/// Oddities that do not hinder execution go to the report.
void translate_gene(const Record& record, const Feature& feature, const CodingNotes& notes, Gene& gene, std::string& scratch,
                    Report& report);

}  // namespace bioxen::decoder
