#pragma once

// Made by python -m bioxen_jcvi_vm_lib.embedding minimal_cell
// from organisms/minimal_cell.yaml: there is the unit and source of every number.

#include <bioxen/organism.hpp>

/// designed minimal cell: kinetics of JCVI-syn3A, operons and polysomes.
inline bioxen::Organism minimal_cell() {
    using namespace bioxen;
    const auto s = [](const char* name) { return find_species(name).value(); };
    const auto cell = [&](const char* name, std::int64_t coefficient) {
        return SupplyLeg{Place::cell, s(name), coefficient};
    };
    const auto medium = [&](const char* name, std::int64_t coefficient) {
        return SupplyLeg{Place::medium, s(name), coefficient};
    };
    Organism o;
    o.name = "minimal_cell";
    o.volume_l = 3.351e-17;
    o.rna_polymerases = 97;
    o.ribosomes = 500;
    o.degradosomes = 120;
    o.promoter_binding_per_M_s = 8804;
    o.promoter_strength_scale = 765;
    o.promoter_strength_default = 180;
    o.promoter_strength_min = 45;
    o.promoter_strength_max = 2830;
    o.promoter_strength_ribosomal_bonus = 0;
    o.promoter_strength_tRNA = 765;
    o.promoter_strength_rRNA = 2830;
    o.rna_kcat_nt_per_s = 20.0;
    o.rna_kcat_min_nt_per_s = 10.0;
    o.rna_kcat_max_nt_per_s = 85.0;
    o.rna_km_mM = 0.1;
    o.rnap_footprint_nt = 50;
    o.rrna_spacing_nt = 400;
    o.max_rnap_per_unit = 0;
    o.head_on_dissociation_per_s = 0.056;
    o.unit_gap_nt = 50;
    o.ribosome_binding_per_M_s = 5210;
    o.translation_kcat_aa_per_s = 12.0;
    o.translation_km_mM = 0.001;
    o.ribosome_footprint_codons = 10;
    o.max_ribosomes_per_mrna = 0;
    o.degradosome_binding_per_M_s = 833;
    o.degradation_kcat_nt_per_s = 88.0;
    o.protein_decay_per_s = 0.0;
    o.synthetases_per_amino_acid = 236.9;
    o.charging_kcat_per_s = 30.0;
    o.charging_k_atp_per_s = 0.01;
    o.charging_k_aa_per_s = 0.01;
    o.charging_k_trna_per_s = 0.1;
    o.glutamine_via_glutamate = true;
    o.tolerance.reference_temperature_c = 37;
    o.tolerance.activation_energy_J_per_mol = 56500;
    o.tolerance.lethal_temperature_c = 45;
    o.tolerance.lowest_pH = 5.5;
    o.tolerance.optimal_pH = 7.5;
    o.tolerance.highest_pH = 9.5;
    o.tolerance.lethal_energy_charge = 0.5;
    o.tolerance.starvation_s = 3600;
    o.tolerance.dna_damage_per_bp_s = 0;
    o.tolerance.dna_repair_per_s = 0.00077;
    o.tolerance.repair_patch_nt = 12;
    o.tolerance.lethal_lesions = 380;
    o.tolerance.glucose_mM = 42.78;
    o.pools[s("ATP")] = 73739;
    o.pools[s("ADP")] = 4396;
    o.pools[s("AMP")] = 2019;
    o.pools[s("CTP")] = 6863;
    o.pools[s("CDP")] = 6863;
    o.pools[s("CMP")] = 6863;
    o.pools[s("GTP")] = 13726;
    o.pools[s("GDP")] = 13726;
    o.pools[s("GMP")] = 13726;
    o.pools[s("UTP")] = 13726;
    o.pools[s("UDP")] = 13726;
    o.pools[s("UMP")] = 13726;
    o.pools[s("dATP")] = 363;
    o.pools[s("dCTP")] = 242;
    o.pools[s("dGTP")] = 141;
    o.pools[s("dTTP")] = 444;
    o.pools[s("Pi")] = 359692;
    o.pools[s("PPi")] = 15140;
    o.pools[s("lipid")] = 927500;
    o.pools[s("Ala")] = 30078;
    o.pools[s("Arg")] = 9936;
    o.pools[s("Asn")] = 3522;
    o.pools[s("Asp")] = 43011;
    o.pools[s("Cys")] = 686;
    o.pools[s("Gln")] = 5249;
    o.pools[s("Glu")] = 66211;
    o.pools[s("Gly")] = 14432;
    o.pools[s("His")] = 1380;
    o.pools[s("Ile")] = 2334;
    o.pools[s("Leu")] = 3639;
    o.pools[s("Lys")] = 5138;
    o.pools[s("Met")] = 1654;
    o.pools[s("Phe")] = 5777;
    o.pools[s("Pro")] = 7477;
    o.pools[s("Ser")] = 7515;
    o.pools[s("Thr")] = 6893;
    o.pools[s("Trp")] = 642;
    o.pools[s("Tyr")] = 609;
    o.pools[s("Val")] = 36707;
    o.pools[s("Ala-tRNA")] = 232;
    o.pools[s("tRNA-Ala")] = 58;
    o.pools[s("Arg-tRNA")] = 232;
    o.pools[s("tRNA-Arg")] = 58;
    o.pools[s("Asn-tRNA")] = 232;
    o.pools[s("tRNA-Asn")] = 58;
    o.pools[s("Asp-tRNA")] = 232;
    o.pools[s("tRNA-Asp")] = 58;
    o.pools[s("Cys-tRNA")] = 232;
    o.pools[s("tRNA-Cys")] = 58;
    o.pools[s("Gln-tRNA")] = 232;
    o.pools[s("tRNA-Gln")] = 58;
    o.pools[s("Glu-tRNA")] = 232;
    o.pools[s("tRNA-Glu")] = 58;
    o.pools[s("Gly-tRNA")] = 232;
    o.pools[s("tRNA-Gly")] = 58;
    o.pools[s("His-tRNA")] = 232;
    o.pools[s("tRNA-His")] = 58;
    o.pools[s("Ile-tRNA")] = 232;
    o.pools[s("tRNA-Ile")] = 58;
    o.pools[s("Leu-tRNA")] = 232;
    o.pools[s("tRNA-Leu")] = 58;
    o.pools[s("Lys-tRNA")] = 232;
    o.pools[s("tRNA-Lys")] = 58;
    o.pools[s("Met-tRNA")] = 232;
    o.pools[s("tRNA-Met")] = 58;
    o.pools[s("Phe-tRNA")] = 232;
    o.pools[s("tRNA-Phe")] = 58;
    o.pools[s("Pro-tRNA")] = 232;
    o.pools[s("tRNA-Pro")] = 58;
    o.pools[s("Ser-tRNA")] = 232;
    o.pools[s("tRNA-Ser")] = 58;
    o.pools[s("Thr-tRNA")] = 232;
    o.pools[s("tRNA-Thr")] = 58;
    o.pools[s("Trp-tRNA")] = 232;
    o.pools[s("tRNA-Trp")] = 58;
    o.pools[s("Tyr-tRNA")] = 232;
    o.pools[s("tRNA-Tyr")] = 58;
    o.pools[s("Val-tRNA")] = 232;
    o.pools[s("tRNA-Val")] = 58;
    o.supply.push_back({"pyrophosphatase", "phosphate",
                        {cell("PPi", -1), cell("Pi", 2)},
                        122878.0, {{s("Pi"), 359692}}});
    o.supply.push_back({"phosphate_uptake", "uptake",
                        {medium("Pi", -1), cell("ATP", -1), cell("ADP", 1), cell("Pi", 2)},
                        3689.9146363031905, {{s("Pi"), 359692}}});
    o.supply.push_back({"glycolysis", "regeneration",
                        {medium("glucose", -1), cell("ADP", -2), cell("Pi", -2), cell("ATP", 2), medium("lactate", 2)},
                        25000.0, {{s("ATP"), 73739}}, true, 0.0075});
    o.supply.push_back({"adenylate_kinase", "regeneration",
                        {cell("AMP", -1), cell("ATP", -1), cell("ADP", 2)},
                        67980.0, {{s("ADP"), 4396}}});
    o.supply.push_back({"GMP_kinase", "regeneration",
                        {cell("GMP", -1), cell("ATP", -1), cell("GDP", 1), cell("ADP", 1)},
                        76302.0, {{s("GDP"), 13726}}});
    o.supply.push_back({"UMP_kinase", "regeneration",
                        {cell("UMP", -1), cell("ATP", -1), cell("UDP", 1), cell("ADP", 1)},
                        37985.0, {{s("UDP"), 13726}}});
    o.supply.push_back({"CMP_kinase", "regeneration",
                        {cell("CMP", -1), cell("ATP", -1), cell("CDP", 1), cell("ADP", 1)},
                        1219.0, {{s("CDP"), 6863}}});
    o.supply.push_back({"GDP_kinase", "regeneration",
                        {cell("GDP", -1), cell("ATP", -1), cell("GTP", 1), cell("ADP", 1)},
                        370735.0, {{s("GTP"), 13726}}});
    o.supply.push_back({"UDP_kinase", "regeneration",
                        {cell("UDP", -1), cell("ATP", -1), cell("UTP", 1), cell("ADP", 1)},
                        194194.0, {{s("UTP"), 13726}}});
    o.supply.push_back({"CDP_kinase", "regeneration",
                        {cell("CDP", -1), cell("ATP", -1), cell("CTP", 1), cell("ADP", 1)},
                        300119.0, {{s("CTP"), 6863}}});
    o.supply.push_back({"adenosine_uptake", "uptake",
                        {medium("adenosine", -1), cell("ATP", -2), cell("AMP", 1), cell("ADP", 2), cell("Pi", 1)},
                        217.5, {{s("AMP"), 2019}}});
    o.supply.push_back({"uridine_uptake", "uptake",
                        {medium("uridine", -1), cell("ATP", -2), cell("UMP", 1), cell("ADP", 2), cell("Pi", 1)},
                        217.5, {{s("UMP"), 13726}}});
    o.supply.push_back({"guanosine_uptake", "uptake",
                        {medium("guanosine", -1), cell("ATP", -2), cell("GMP", 1), cell("ADP", 2), cell("Pi", 1)},
                        300.0, {{s("GMP"), 13726}}});
    o.supply.push_back({"cytidine_uptake", "uptake",
                        {medium("cytidine", -1), cell("ATP", -2), cell("CMP", 1), cell("ADP", 2), cell("Pi", 1)},
                        240.0, {{s("CMP"), 6863}}});
    o.supply.push_back({"Ala_uptake", "uptake",
                        {medium("Ala", -1), cell("ATP", -1), cell("Ala", 1), cell("ADP", 1), cell("Pi", 1)},
                        1200.0, {{s("Ala"), 30078}}});
    o.supply.push_back({"Arg_uptake", "uptake",
                        {medium("Arg", -1), cell("ATP", -1), cell("Arg", 1), cell("ADP", 1), cell("Pi", 1)},
                        1200.0, {{s("Arg"), 9936}}});
    o.supply.push_back({"Asn_uptake", "uptake",
                        {medium("Asn", -1), cell("ATP", -1), cell("Asn", 1), cell("ADP", 1), cell("Pi", 1)},
                        1200.0, {{s("Asn"), 3522}}});
    o.supply.push_back({"Asp_uptake", "uptake",
                        {medium("Asp", -1), cell("ATP", -1), cell("Asp", 1), cell("ADP", 1), cell("Pi", 1)},
                        1200.0, {{s("Asp"), 43011}}});
    o.supply.push_back({"Cys_uptake", "uptake",
                        {medium("Cys", -1), cell("ATP", -1), cell("Cys", 1), cell("ADP", 1), cell("Pi", 1)},
                        1200.0, {{s("Cys"), 686}}});
    o.supply.push_back({"Gln_uptake", "uptake",
                        {medium("Gln", -1), cell("ATP", -1), cell("Gln", 1), cell("ADP", 1), cell("Pi", 1)},
                        1200.0, {{s("Gln"), 5249}}});
    o.supply.push_back({"Glu_uptake", "uptake",
                        {medium("Glu", -1), cell("ATP", -1), cell("Glu", 1), cell("ADP", 1), cell("Pi", 1)},
                        1200.0, {{s("Glu"), 66211}}});
    o.supply.push_back({"Gly_uptake", "uptake",
                        {medium("Gly", -1), cell("ATP", -1), cell("Gly", 1), cell("ADP", 1), cell("Pi", 1)},
                        1200.0, {{s("Gly"), 14432}}});
    o.supply.push_back({"His_uptake", "uptake",
                        {medium("His", -1), cell("ATP", -1), cell("His", 1), cell("ADP", 1), cell("Pi", 1)},
                        1200.0, {{s("His"), 1380}}});
    o.supply.push_back({"Ile_uptake", "uptake",
                        {medium("Ile", -1), cell("ATP", -1), cell("Ile", 1), cell("ADP", 1), cell("Pi", 1)},
                        1200.0, {{s("Ile"), 2334}}});
    o.supply.push_back({"Leu_uptake", "uptake",
                        {medium("Leu", -1), cell("ATP", -1), cell("Leu", 1), cell("ADP", 1), cell("Pi", 1)},
                        1200.0, {{s("Leu"), 3639}}});
    o.supply.push_back({"Lys_uptake", "uptake",
                        {medium("Lys", -1), cell("ATP", -1), cell("Lys", 1), cell("ADP", 1), cell("Pi", 1)},
                        1200.0, {{s("Lys"), 5138}}});
    o.supply.push_back({"Met_uptake", "uptake",
                        {medium("Met", -1), cell("ATP", -1), cell("Met", 1), cell("ADP", 1), cell("Pi", 1)},
                        1200.0, {{s("Met"), 1654}}});
    o.supply.push_back({"Phe_uptake", "uptake",
                        {medium("Phe", -1), cell("ATP", -1), cell("Phe", 1), cell("ADP", 1), cell("Pi", 1)},
                        1200.0, {{s("Phe"), 5777}}});
    o.supply.push_back({"Pro_uptake", "uptake",
                        {medium("Pro", -1), cell("ATP", -1), cell("Pro", 1), cell("ADP", 1), cell("Pi", 1)},
                        1200.0, {{s("Pro"), 7477}}});
    o.supply.push_back({"Ser_uptake", "uptake",
                        {medium("Ser", -1), cell("ATP", -1), cell("Ser", 1), cell("ADP", 1), cell("Pi", 1)},
                        1200.0, {{s("Ser"), 7515}}});
    o.supply.push_back({"Thr_uptake", "uptake",
                        {medium("Thr", -1), cell("ATP", -1), cell("Thr", 1), cell("ADP", 1), cell("Pi", 1)},
                        1200.0, {{s("Thr"), 6893}}});
    o.supply.push_back({"Trp_uptake", "uptake",
                        {medium("Trp", -1), cell("ATP", -1), cell("Trp", 1), cell("ADP", 1), cell("Pi", 1)},
                        1200.0, {{s("Trp"), 642}}});
    o.supply.push_back({"Tyr_uptake", "uptake",
                        {medium("Tyr", -1), cell("ATP", -1), cell("Tyr", 1), cell("ADP", 1), cell("Pi", 1)},
                        1200.0, {{s("Tyr"), 609}}});
    o.supply.push_back({"Val_uptake", "uptake",
                        {medium("Val", -1), cell("ATP", -1), cell("Val", 1), cell("ADP", 1), cell("Pi", 1)},
                        1200.0, {{s("Val"), 36707}}});
    return o;
}
