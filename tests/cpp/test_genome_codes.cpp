#include "check.hpp"
#include "test_genome_files.hpp"

using namespace bioxen;

TEST(the_standard_code_reads_the_first_codons_of_biology) {
    CHECK(translate("ATGTTTAAATAG", 1) == "MFK*");
    CHECK(translate("auguuuaaauag", 1) == "MFK*");
    CHECK(translate("ATGTT", 1) == "M");
    CHECK(translate("", 1).empty());
}

TEST(tables_differ_where_ncbi_says_so) {
    CHECK(translate("TGA", 11) == "*");
    CHECK(translate("TGA", 4) == "W");
    CHECK(translate("TGAGGG", 25) == "GG");
    CHECK(translate("AGAAGG", 2) == "**");
    CHECK(translate("CTG", 12) == "S");
    CHECK(translate("ATA", 5) == "M");
    CHECK(translate("AAA", 9) == "N");
}

TEST(codons_with_two_meanings_stop_only_at_the_end) {
    CHECK(translate("TGATGA", 27) == "W*");
    CHECK(translate("TAATAA", 28) == "Q*");
    CHECK(translate("TAGTAG", 31) == "E*");
}

TEST(ambiguous_codons_translate_where_all_expansions_agree) {
    CHECK(translate("CTN", 1) == "L");
    CHECK(translate("YTR", 1) == "L");
    CHECK(translate("TAR", 1) == "*");
    CHECK(translate("NNN", 1) == "X");
    CHECK(translate("TRA", 1) == "*");
    CHECK(translate("RAY", 1) == "X");
    CHECK(translate("MGN", 1) == "X");
    CHECK(translate("MGR", 1) == "R");
}

TEST(start_codons_follow_the_table) {
    CHECK(is_start_codon("ATG", 1));
    CHECK(is_start_codon("aug", 1));
    CHECK(is_start_codon("TTG", 1));
    CHECK(!is_start_codon("GTG", 1));
    CHECK(is_start_codon("GTG", 11));
    CHECK(is_start_codon("ATT", 4));
    CHECK(!is_start_codon("TAA", 11));
    CHECK(!is_start_codon("AT", 11));
    CHECK(is_start_codon("NTG", 11));
    CHECK(!is_start_codon("NTG", 1));
}

TEST(every_table_of_ncbi_is_there_and_no_other) {
    const auto tables = translation_tables();
    CHECK(std::is_sorted(tables.begin(), tables.end()));
    for (const int expected : {1, 2, 3, 4, 5, 6, 9, 10, 11, 12, 13, 14, 15, 16, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 33}) {
        CHECK(std::find(tables.begin(), tables.end(), expected) != tables.end());
        CHECK(is_start_codon("ATG", expected));
    }
    for (const int unknown : {-1, 0, 7, 8, 17, 18, 19, 20, 34, 99}) {
        CHECK_THROWS(translate("ATG", unknown), InputError);
        CHECK_THROWS(is_start_codon("ATG", unknown), InputError);
    }
}

TEST(letters_that_are_no_nucleotides_are_refused) {
    CHECK_THROWS(translate("ATGJTT", 1), InputError);
    CHECK_THROWS(translate("AT-GTT", 1), InputError);
}

RUN_TESTS()
