#include "check.hpp"
#include "designs.hpp"
#include "test_genome_files.hpp"

#include <chrono>
#include <fstream>
#include <iterator>
#include <string>

using namespace bioxen;

namespace {

std::string valid_file(const std::string& name) {
    std::ifstream file(BIOXEN_TEST_DATA "/valid/" + name, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

/// What may come of a damaged file: it is refused in one of two ways, or it is a genome that compiles.
enum class Outcome { refused, not_compiled, accepted, other_error };

Outcome outcome_of(std::string_view text, const Organism& organism) {
    try {
        (void)compile(files::decode(text), organism);
        return Outcome::accepted;
    } catch (const InputError& error) {
        if (error.kind() == InputErrorKind::genome_compilation) return Outcome::not_compiled;
        const bool placed = error.line() >= 1 && error.offset() >= 0;
        if (error.kind() == InputErrorKind::genome_format && placed) return Outcome::refused;
    } catch (const std::exception&) {
    }
    return Outcome::other_error;
}

/// Counts outcomes, and remembers the first damage that went wrong or took long.
class Damages {
public:
    explicit Damages(const std::string& name) : name_(name) {}

    void take(std::string_view text, std::size_t at, int byte) {
        const auto start = std::chrono::steady_clock::now();
        const Outcome outcome = outcome_of(text, organism_);
        const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
        ++count_[static_cast<std::size_t>(outcome)];
        if ((outcome == Outcome::other_error || seconds > hang_s) && faults_++ == 0) {
            std::printf("  %s: byte %zu made %d: outcome %d after %g s\n", name_.c_str(), at, byte,
                        static_cast<int>(outcome), seconds);
        }
    }
    [[nodiscard]] int faults() const noexcept { return faults_; }
    [[nodiscard]] int accepted() const noexcept { return count_[static_cast<std::size_t>(Outcome::accepted)]; }
    [[nodiscard]] int refused() const noexcept { return count_[static_cast<std::size_t>(Outcome::refused)]; }

private:
    /// A file of some hundred bytes takes microseconds; a busy machine may stretch that, a hang lasts.
    static constexpr double hang_s = 5.0;

    std::string name_;
    Organism organism_ = designs::organism();
    int count_[4] = {};
    int faults_ = 0;
};

void damage_everywhere(const std::string& name) {
    const std::string whole = valid_file(name);
    CHECK(whole.size() > 100);
    Damages damages(name);
    damages.take(whole, 0, whole[0]);
    CHECK(damages.accepted() == 1);
    for (std::size_t n = 0; n < whole.size(); ++n) damages.take(std::string_view(whole).substr(0, n), n, -1);
    // One buffer at its exact size, so that the address sanitizer sees a read beyond the end.
    std::string changed = whole;
    changed.shrink_to_fit();
    for (std::size_t at = 0; at < whole.size(); ++at) {
        for (int other = 1; other < 256; ++other) {
            changed[at] = static_cast<char>(whole[at] ^ other);
            damages.take(changed, at, changed[at]);
        }
        changed[at] = whole[at];
    }
    CHECK(damages.faults() == 0);
    CHECK(damages.accepted() > 1 && damages.refused() > 1);  // else nothing would have been tried
    std::printf("  %s: %zu bytes, %d damages accepted, %d refused\n", name.c_str(), whole.size(), damages.accepted(),
                damages.refused());
}

}  // namespace

TEST(a_damaged_genbank_file_is_read_or_refused) { damage_everywhere("three_genes.gb"); }
TEST(a_damaged_gff3_file_is_read_or_refused) { damage_everywhere("isoform.gff3"); }
TEST(a_damaged_fasta_file_is_read_or_refused) { damage_everywhere("replicons.fa"); }

RUN_TESTS()
