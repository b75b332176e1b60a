#include "check.hpp"
#include "genome/string_map.hpp"
#include "test_genome_files.hpp"

#include <ctime>
#include <string>
#include <utility>

/// The cost of a file: at most ×2.5 when the input doubles, whatever it is made of.
using namespace bioxen;
using files::feature;
using files::genbank;
using files::repeat;

namespace {

const std::string bases = repeat("ACGTTGCATA", 20);  // 200 nt
const std::string gff3 = "##gff-version 3\n";
const std::string fasta_part = "##FASTA\n>c\n" + bases + "\n";
const std::string indent(21, ' ');

std::string cds(const std::vector<std::string>& qualifiers) { return feature("CDS", "1..30", qualifiers); }

std::string row(const std::string& kind, const std::string& attributes, const std::string& place = "1\t30") {
    return "c\t.\t" + kind + "\t" + place + "\t.\t+\t0\t" + attributes + "\n";
}

/// `make(0) make(1) ... make(n - 1)`
template <class Make>
std::string each(std::size_t n, const Make& make) {
    std::string out;
    for (std::size_t i = 0; i < n; ++i) out += make(std::to_string(i));
    return out;
}

/// A text of fourteen blocks, each in one of two forms that `hash_text` does not tell apart: the top bit of a word
/// moves to bit 28 of the state, where the next word takes it away.
std::string colliding(std::size_t i) {
    std::string out;
    for (unsigned bit = 0; bit < 14; ++bit) out += (i >> bit & 1U) != 0 ? "aaaaaaa\xe1" "aaaqaaaa" : "aaaaaaaaaaaaaaaa";
    return out;
}

struct Shape {
    const char* name;
    std::size_t n;                       ///< of the smaller file; enough for a few milliseconds
    std::string (*make)(std::size_t n);
};

/// Files that grow in one thing, each where a careless decoder goes around twice.
const Shape shapes[] = {
    {"genes with tags of their own", 400, [](std::size_t n) {
         return genbank(bases, each(n, [](const std::string& i) {
                            const std::string tag = "/locus_tag=\"A" + i + "\"";
                            return feature("gene", "1..30", {tag}) + cds({tag, "/note=\"a", "b\""});
                        }));
     }},
    {"genes of one tag and name", 400, [](std::size_t n) {
         const std::string tag = "/locus_tag=\"A\"";
         const std::string name = "/gene=\"x\"";
         return genbank(bases, repeat(feature("gene", "1..30", {tag, name}) + cds({tag, name, "/note=\"a", "b\""}), n));
     }},
    {"tags that look like made ones", 500, [](std::size_t n) {
         return genbank(bases, each(n, [](const std::string& i) {
                            return cds({"/locus_tag=\"A_" + i + "\""}) + cds({"/locus_tag=A"});
                        }));
     }},
    {"feature kinds of their own", 800, [](std::size_t n) {
         return genbank(bases, each(n, [](const std::string& i) { return feature("kind" + i, "1..30"); }));
     }},
    {"qualifiers of one feature", 1000, [](std::size_t n) {
         return genbank(bases, feature("CDS", "1..30") + repeat(indent + "/note=\"a\"\n", n));
     }},
    {"qualifier keys of their own", 1000, [](std::size_t n) {
         return genbank(bases, cds({}) + each(n, [](const std::string& i) { return indent + "/k" + i + "=1\n"; }));
     }},
    {"one quoted value of many lines", 1000, [](std::size_t n) {
         return genbank(bases, cds({"/note=\"a"}) + repeat(indent + "/b \"\"c\"\" d\n", n));
     }},
    {"one unquoted value of many lines", 1000, [](std::size_t n) {
         return genbank(bases, cds({"/note=a"}) + repeat(indent + "b c d\n", n));
     }},
    {"one line", 100'000, [](std::size_t n) {
         return genbank(bases, cds({"/note=\"" + repeat("a \"\" ", n / 5) + "\""}));
     }},
    {"values without closing quote", 600, [](std::size_t n) {
         return genbank(bases, repeat(cds({"/note=\"open", "/gene=\"x\""}), n));
     }},
    {"lines that belong nowhere", 1500, [](std::size_t n) {
         return genbank(bases, cds({"/pseudo"}) + repeat("\n       nowhere\n", n));
     }},
    {"one location", 5000, [](std::size_t n) {
         return genbank(bases, feature("CDS", "join(" + repeat("complement(join(1..2,5..6)),", n / 4) + "1..2)"));
     }},
    {"one location of many lines", 2000, [](std::size_t n) {
         return genbank(bases, feature("CDS", "join(") + repeat(indent + "1..2,\n", n) + indent + "1..2)\n");
     }},
    {"one choice of positions", 20'000, [](std::size_t n) {
         return genbank(bases, feature("CDS", "one-of(" + repeat("1,", n) + "1)..30"));
     }},
    {"spans across the origin", 4000, [](std::size_t n) {
         return genbank(bases, feature("CDS", "join(" + repeat("190..10,", n) + "1..2)"));
     }},
    {"exceptions to the code", 600, [](std::size_t n) {
         return genbank(bases, feature("CDS", "join(" + repeat("1..2,", n) + "1..30)") +
                                   repeat(indent + "/transl_except=(pos:1..3,aa:Sec)\n", n));
     }},
    {"genes on top of each other", 600, [](std::size_t n) {
         return genbank(repeat(bases, n / 10), each(n, [n](const std::string& i) {
                            return feature("CDS", std::to_string(1 + std::stoul(i)) + ".." + std::to_string(20 * n));
                        }));
     }},
    {"genes of one parent with a long name", 800, [](std::size_t n) {
         const std::string gene = row("gene", "ID=g;locus_tag=" + std::string(30 * n, 'a'));
         return gff3 + gene + repeat(row("CDS", "Parent=g"), n) + fasta_part;
     }},
    {"genes without names on a record with a long name", 800, [](std::size_t n) {
         return "LOCUS       " + std::string(30 * n, 'a') + " 200 bp DNA linear SYN 01-JAN-2026\nFEATURES\n" +
                repeat(feature("CDS", "1..30"), n) + files::origin(bases) + "//\n";
     }},
    {"records", 150, [](std::size_t n) { return repeat(genbank(bases, cds({"/gene=\"x\""})), n); }},
    {"records that announce too much", 150, [](std::size_t n) {
         return repeat("LOCUS A 999999999999 bp DNA linear SYN 01-JAN-2026\nFEATURES\nORIGIN\n        1 acgt\n//\n", n);
     }},
    {"lines before the first record", 5000, [](std::size_t n) { return repeat("preamble\n", n) + genbank(bases, ""); }},
    {"lines between records", 5000, [](std::size_t n) { return genbank(bases, "") + repeat("between\n", n); }},
    {"lines of a title", 3000, [](std::size_t n) {
         return "LOCUS A 4 bp\nDEFINITION  A\n" + repeat("            title\n", n) + "ORIGIN\n        1 acgt\n//\n";
     }},
    {"letters in odd groups", 1500, [](std::size_t n) {
         return "LOCUS       A 4 bp\nORIGIN\n" + repeat("        1 acgtn acgt\n ac gt ACGU\n\n", n) + "//\n";
     }},
    {"lone carriage returns", 2000, [](std::size_t n) {
         std::string text = genbank(bases, repeat(feature("gene", "1..30") + "\r\n", n / 4));
         std::replace(text.begin(), text.end(), '\n', '\r');
         return text;
     }},
    {"FASTA records", 2500, [](std::size_t n) {
         return each(n, [](const std::string& i) { return ">r" + i + "\nACGT\n"; });
     }},
    {"FASTA records of one name", 3000, [](std::size_t n) { return repeat(">r\nA\n", n); }},
    {"FASTA lines", 3000, [](std::size_t n) { return ">r\n" + repeat("ACGTN ACGU\n", n); }},
    {"FASTA headers in one line", 100'000, [](std::size_t n) { return ">" + std::string(n, '>') + "\nACGT\n"; }},
    {"rows of one parent", 800, [](std::size_t n) {
         return gff3 + row("gene", "ID=g;Name=a") + repeat(row("CDS", "Parent=g"), n) + fasta_part;
     }},
    {"parents of one row", 3000, [](std::size_t n) {
         const std::string parents = each(n, [](const std::string& i) { return "g,lost" + i + ","; });
         return gff3 + row("gene", "ID=g") + row("CDS", "Parent=" + parents) + fasta_part;
     }},
    {"rows of one ID", 1000, [](std::size_t n) { return gff3 + repeat(row("CDS", "ID=g"), n) + fasta_part; }},
    {"rows of one ID and two names", 800, [](std::size_t n) {
         const std::string twins = row("gene", "ID=g;Name=a") + row("gene", "ID=g;Name=b;x");
         return gff3 + repeat(twins + row("CDS", "Parent=g"), n) + fasta_part;
     }},
    {"rows of one ID and names of their own", 800, [](std::size_t n) {
         return gff3 + each(n, [](const std::string& i) {
                    return row("gene", "ID=g;Name=a" + i) + row("CDS", "Parent=g");
                }) + fasta_part;
     }},
    {"tags of one hash", 1000, [](std::size_t n) {
         return genbank(bases, each(n, [](const std::string& i) {
                            return cds({"/locus_tag=\"" + colliding(std::stoul(i)) + "\""});
                        }));
     }},
    {"IDs of one hash", 1000, [](std::size_t n) {
         return gff3 + each(n, [](const std::string& i) {
                    return row("CDS", "ID=" + colliding(std::stoul(i)) + ";Parent=a");
                }) + fasta_part;
     }},
    {"a chain of parents", 800, [](std::size_t n) {
         return gff3 + each(n, [](const std::string& i) {
                    return row("CDS", "ID=a" + i + ";Parent=a" + std::to_string(std::stoul(i) + 1));
                }) + fasta_part;
     }},
    {"a circle of parents", 800, [](std::size_t n) {
         return gff3 + each(n, [n](const std::string& i) {
                    return row("CDS", "ID=a" + i + ";Parent=a" + std::to_string((std::stoul(i) + 1) % n));
                }) + fasta_part;
     }},
    {"attributes of one row", 3000, [](std::size_t n) {
         return gff3 + row("CDS", each(n, [](const std::string& i) { return "k" + i + "=%41%2c;"; })) + fasta_part;
     }},
    {"seqids of their own", 800, [](std::size_t n) {
         return gff3 + each(n, [](const std::string& i) { return "s" + i + "\t.\tCDS\t1\t9\t.\t+\t0\tID=a\n"; }) +
                "##FASTA\n" + each(n, [](const std::string& i) { return ">s" + i + ".1\nACGTACGTA\n"; });
     }},
};

double cpu_s(const std::string& text) {
    const std::clock_t start = std::clock();
    (void)files::decode(text);
    return static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
}

/// ×2.5 for each of three doublings is 15.6; a linear decoder takes 8, a quadratic one 64. Processor time of the best
/// run counts, since other work disturbs a run only for the worse; more runs are taken while the law does not show.
bool cost_is_proportional(const Shape& shape) {
    constexpr double allowed = 2.5 * 2.5 * 2.5;
    constexpr int most_runs = 40;
    const std::string small = shape.make(shape.n);
    const std::string large = shape.make(8 * shape.n);
    double small_s = 1e9;
    double large_s = 1e9;
    for (int run = 0; run < most_runs; ++run) {
        for (int i = 0; i < 8; ++i) small_s = std::min(small_s, cpu_s(small));
        large_s = std::min(large_s, cpu_s(large));
        if (run >= 1 && large_s <= allowed * small_s) break;
        if (large_s > 100 * allowed * small_s) break;
    }
    std::printf("  x%.1f  %s: %zu kB %.2f ms, %zu kB %.2f ms\n", large_s / small_s, shape.name, small.size() / 1000,
                1e3 * small_s, large.size() / 1000, 1e3 * large_s);
    std::fflush(stdout);
    return large_s <= allowed * small_s;
}

}  // namespace

TEST(the_colliding_names_collide) {
    for (std::size_t i = 1; i < 100; ++i) CHECK(decoder::hash_text(colliding(i)) == decoder::hash_text(colliding(0)));
}

TEST(cost_at_most_doubles_and_a_half_when_the_file_doubles) {
    for (const Shape& shape : shapes) CHECK(cost_is_proportional(shape));
}

RUN_TESTS()
