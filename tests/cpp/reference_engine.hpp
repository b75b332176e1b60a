#pragma once

#include <bioxen/cellular_context.hpp>

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <random>
#include <span>
#include <vector>

/// The law of the cell once more, by Gillespie's direct method (J. Phys. Chem. 81, 1977) over a plain list of all
/// channels. Nothing is kept that can be counted anew, so that the law can be read off line by line.
namespace reference {

struct Ribosome {
    std::uint32_t cistron = 0;      ///< in the whole layout
    std::uint32_t done = 0;         ///< codons translated
};

/// RNA that is being made, is whole, or is being degraded: nucleotides `[lost, made)` of its unit exist.
struct Transcript {
    std::uint32_t unit = 0;
    std::int32_t made = 0;          ///< where its RNAP stands, if it is nascent
    std::int32_t lost = 0;          ///< where its degradosome stands, if it is degrading
    bool nascent = true;
    bool degrading = false;
    std::vector<Ribosome> ribosomes;
};

/// One thing that can happen next. What the two indices name depends on the kind.
struct Channel {
    enum class Kind : std::uint8_t {
        initiate_transcription,     ///< of unit `subject`
        transcribe, fall_off,       ///< the RNAP of transcript `subject`
        load_ribosome,              ///< on cistron `part` of transcript `subject`
        translate, release_protein, ///< ribosome `part` of transcript `subject`
        bind_degradosome, degrade,  ///< transcript `subject`
        decay_protein,              ///< of gene `subject`
    };
    Kind kind{};
    std::size_t subject = 0, part = 0;
    double rate_per_s = 0.0;
};

/// Offers what `bioxen::CellularContext` does, in the same types.
class Engine {
public:
    Engine(std::shared_ptr<const bioxen::Program> program, std::uint64_t seed);

    void advance(double until_s);

    [[nodiscard]] const std::vector<std::int64_t>& proteins() const { return proteins_; }
    [[nodiscard]] std::vector<std::int64_t> mrnas() const;
    [[nodiscard]] const std::array<std::int64_t, bioxen::species::resource_count>& resources() const { return pools_; }
    [[nodiscard]] std::array<bioxen::MachineCount, 3> machines() const;
    [[nodiscard]] const bioxen::EventCounts& events() const { return events_; }
    [[nodiscard]] std::vector<bioxen::Polymerase> polymerases() const;

    void knockout(bioxen::GeneId gene);
    void restrict_transcription(std::optional<std::span<const bioxen::GeneId>> genes);
    void set_resource(bioxen::SpeciesIndex resource, std::int64_t molecules) { pools_[resource] = molecules; }

private:
    // the law: rates in the present state
    [[nodiscard]] std::vector<Channel> channels() const;
    using Machines = std::array<bioxen::MachineCount, 3>;
    void add_channels_of_transcript(std::size_t transcript, const Machines& machines, std::vector<Channel>& list) const;
    [[nodiscard]] double per_pair_s(double per_M_s) const;
    [[nodiscard]] double saturation(bioxen::SpeciesIndex resource, double km_mM) const;
    [[nodiscard]] double nucleotide_rate(const Transcript& transcript) const;
    [[nodiscard]] double degradation_rate() const;
    [[nodiscard]] double codon_rate(const Ribosome& ribosome) const;
    [[nodiscard]] double release_rate(const Ribosome& ribosome) const;
    [[nodiscard]] bool at_stop(const Ribosome& ribosome) const;

    // who stands where
    [[nodiscard]] std::int64_t direction(const Transcript& transcript) const;
    [[nodiscard]] std::int64_t axis(const Transcript& transcript) const;
    [[nodiscard]] const Transcript* rnap_ahead(const Transcript& transcript) const;
    [[nodiscard]] bool rnap_touches_next(const Transcript& transcript) const;
    [[nodiscard]] bool promoter_is_free(std::size_t unit) const;
    [[nodiscard]] std::int32_t place(const Ribosome& ribosome) const;
    [[nodiscard]] std::int32_t start(std::uint32_t cistron) const { return place({cistron, 0}); }
    [[nodiscard]] bool ribosome_may_step(const Transcript& transcript, const Ribosome& ribosome) const;
    [[nodiscard]] bool may_load(const Transcript& transcript, std::uint32_t cistron) const;
    [[nodiscard]] bool degradosome_may_bind(const Transcript& transcript) const;
    [[nodiscard]] bool degradosome_may_step(const Transcript& transcript) const;

    // what happens
    void happen(const Channel& channel);
    void transcribe(std::size_t transcript);
    void process_stable(const Transcript& transcript);
    void abort(std::size_t transcript);
    void translate(Ribosome& ribosome);
    void degrade(std::size_t transcript);
    void supply();
    void charge_trna();
    void change(std::size_t species, std::int64_t molecules);
    [[nodiscard]] std::size_t base(const Transcript& transcript, std::int32_t at) const;
    [[nodiscard]] std::size_t amino_acid(const Ribosome& ribosome) const;
    [[nodiscard]] double uniform();

    std::shared_ptr<const bioxen::Program> program_;
    const bioxen::Layout& layout_;
    const bioxen::Organism& organism_;
    std::mt19937_64 random_;
    std::vector<std::vector<std::int32_t>> codon_nt_;  ///< per cistron: where each codon starts, the stop last

    double now_s_ = 0.0;
    std::int64_t ticks_ = 0;
    std::vector<Transcript> transcripts_;
    std::vector<std::int64_t> proteins_, mature_;       ///< per gene
    std::vector<char> knocked_out_;                     ///< per gene
    std::vector<char> without_promoter_, restricted_;   ///< per unit: by knockouts, by the operator
    std::array<std::int64_t, bioxen::species::resource_count> pools_{};
    std::vector<double> supply_carry_;
    std::array<double, bioxen::amino_acid_count> charging_carry_{};
    bioxen::EventCounts events_;
};

}  // namespace reference
