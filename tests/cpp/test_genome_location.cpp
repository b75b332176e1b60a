#include "check.hpp"
#include "test_genome_files.hpp"

using namespace bioxen;

namespace {

const std::string bases = files::repeat("ACGTTGCATA", 700);  // 7,000 nt

Genome with_location(const std::string& location, const std::string& topology = "circular") {
    return files::decode(files::genbank(bases, files::feature("misc_feature", location), topology));
}

const Location& location_of(const Genome& genome) { return genome.records()[0].features[0].location; }

/// The parts as `start-end+`, in reading order.
std::string parts(const std::string& location, const std::string& topology = "circular") {
    const Genome genome = with_location(location, topology);
    std::string out;
    for (const Interval& part : location_of(genome).parts) {
        if (!out.empty()) out += ' ';
        if (!part.accession.empty()) out += std::string(part.accession) + ":";
        out += (part.before_start ? "<" : "") + std::to_string(part.start) + "-" + (part.after_end ? ">" : "") +
               std::to_string(part.end) + (part.strand == Strand::reverse ? "-" : "+");
    }
    return out;
}

LocationKind kind(const std::string& location) { return location_of(with_location(location)).kind; }

bool impossible(const std::string& location, const std::string& topology = "circular") {
    const auto error = files::error_of(files::genbank(bases, files::feature("misc_feature", location), topology));
    return error && error->kind() == InputErrorKind::genome_format && error->line() == 6 && error->offset() > 0 &&
           std::string(error->what()).find("impossible coordinates") != std::string::npos;
}

bool refused(const std::string& location) {
    const auto error = files::error_of(files::genbank(bases, files::feature("misc_feature", location)));
    return error && error->kind() == InputErrorKind::genome_format && error->line() == 6;
}

}  // namespace

TEST(spans_are_half_open_and_zero_based) {
    CHECK(parts("1..100") == "0-100+");
    CHECK(parts("467") == "466-467+");
    CHECK(kind("1..100") == LocationKind::span);
}

TEST(partial_ends_are_kept) {
    CHECK(parts("<1..200") == "<0-200+");
    CHECK(parts("1..>200") == "0->200+");
    CHECK(parts("<1..>200") == "<0->200+");
    CHECK(parts("<155") == "<154-155+");
    CHECK(parts(">155") == "154->155+");
}

TEST(parts_are_in_reading_order) {
    CHECK(parts("join(1..10,20..30)") == "0-10+ 19-30+");
    CHECK(parts("complement(1..10)") == "0-10-");
    CHECK(parts("complement(join(1..10,20..30))") == "19-30- 0-10-");
    CHECK(parts("join(complement(20..30),complement(1..10))") == "19-30- 0-10-");
    CHECK(parts("complement(complement(join(1..10,20..30)))") == "0-10+ 19-30+");
    CHECK(parts("join(1..10,complement(order(20..30,40..50)))") == "0-10+ 39-50- 19-30-");
}

TEST(inexact_locations_keep_their_kind) {
    CHECK(kind("join(1..10,20..30)") == LocationKind::join);
    CHECK(kind("order(1..10,20..30)") == LocationKind::order);
    CHECK(kind("join(order(1..2,5..6),9..10)") == LocationKind::order);
    CHECK(kind("123^124") == LocationKind::between);
    CHECK(kind("7000^1") == LocationKind::between);
    CHECK(kind("bond(12,63)") == LocationKind::bond);
    CHECK(kind("one-of(1..10,20..30)") == LocationKind::one_of);
    CHECK(kind("one-of(10,20)..100") == LocationKind::one_of);
    CHECK(kind("join(1..5,20..one-of(100,110))") == LocationKind::one_of);
    CHECK(kind("(10.15)..100") == LocationKind::one_of);
    CHECK(kind("102.110") == LocationKind::one_of);
    CHECK(parts("(10.15)..(90.100)") == "9-100+");
    CHECK(parts("123^124") == "123-123+");
    CHECK(parts("J00194.1:100..202") == "J00194.1:99-202+");
    CHECK(parts("join(1..10,complement(J00194.1:100..9999999))") == "0-10+ J00194.1:99-9999999-");
}

TEST(text_is_kept_as_written) {
    const Genome genome = with_location("complement(join(1..10,20..>30))");
    CHECK(location_of(genome).text == "complement(join(1..10,20..>30))");
}

TEST(wrapped_locations_are_unfolded_even_inside_a_number) {
    const std::string indent(21, ' ');
    const Genome genome = with_location("join(1..10,\n" + indent + "20..3\n" + indent + "0, 40 .. 50)");
    CHECK(location_of(genome).text == "join(1..10,20..30,40..50)");
    CHECK(location_of(genome).parts.size() == 3);
}

TEST(trailing_commas_are_reported_and_ignored) {
    const Genome genome = with_location("order(1..10,20..30,)");
    CHECK(location_of(genome).parts.size() == 2);
    CHECK(files::reports(genome, "location-comma"));
    CHECK(parts("join(order(1..10,),20..30,,)") == "0-10+ 19-30+");
}

TEST(a_span_that_ends_before_it_starts_crosses_a_circular_origin) {
    CHECK(parts("6801..100") == "6800-7000+ 0-100+");
    CHECK(parts("complement(6801..100)") == "0-100- 6800-7000-");
    CHECK(parts("<6801..>100") == "<6800-7000+ 0->100+");
    CHECK(parts("complement(<6801..>100)") == "0->100- <6800-7000-");
    CHECK(parts("join(6700..6750,6801..100)") == "6699-6750+ 6800-7000+ 0-100+");
    CHECK(impossible("6801..100", "linear"));
}

TEST(impossible_coordinates_name_line_and_offset) {
    CHECK(impossible("1..7001"));
    CHECK(impossible("7001"));
    CHECK(impossible("0..10"));
    CHECK(impossible("-5..10"));
    CHECK(impossible("join(1..10,-20..30)"));
    CHECK(impossible("100..99", "linear"));
    CHECK(impossible("7001^7002"));
    CHECK(impossible("1..99999999999999999999999"));
}

TEST(what_is_no_location_is_refused) {
    for (const char* text : {"join(", "join()", "join(1..10", "join(1..10))", "1..", "..10", "1...10", "abc", "foo(1..10)",
                             "1..10,20..30", "complement(1..10,20..30)", "one-of(1,2", "(1.5", "1..10x", ":1..10", "X:", ")"}) {
        CHECK(refused(text));
    }
}

TEST(nesting_is_limited_and_depth_within_the_limit_works) {
    const auto nested = [](std::size_t depth) { return files::repeat("complement(", depth) + "1..10" + files::repeat(")", depth); };
    CHECK(parts(nested(32)) == "0-10+");
    CHECK(refused(nested(33)));
    CHECK(refused(nested(100000)));
}

TEST(parts_are_limited) {
    const auto joined = [](std::size_t n) { return "join(" + files::repeat("1..2,", n - 1) + "1..2)"; };
    CHECK(location_of(with_location(joined(100000))).parts.size() == 100000);
    CHECK(refused(joined(100001)));
}

RUN_TESTS()
