"""This engine's reading of an `ExpressionModel`: a GenBank file and an organism."""

from __future__ import annotations

import itertools

from models import ExpressionModel

import bioxen_jcvi_vm_lib as bx
from bioxen_jcvi_vm_lib import _core

SENSE_CODONS = [
    codon
    for codon in map(bytes, itertools.product(b"ACGT", repeat=3))
    if codon not in (b"TAA", b"TAG", b"TGA")
]


def genbank(model: ExpressionModel) -> bytes:
    """Write the model's genome. The codons do not matter, as all are read at one speed; the genes
    go through all of them, as natural ones do.
    """
    sequence = bytearray(b"ACGT" * (model.length_nt // 4 + 1))[: model.length_nt]
    sense = itertools.cycle(SENSE_CODONS)
    table = []

    def feature(kind: str, first_nt: int, last_nt: int, *qualifiers: str) -> None:
        table.append(f"     {kind:<16}{first_nt + 1}..{last_nt}")
        table.extend(f"                     /{qualifier}" for qualifier in qualifiers)

    for gene in model.layout():
        start = gene.promoter_nt + model.leader_nt
        coding = b"ATG" + b"".join(itertools.islice(sense, gene.codons - 1)) + b"TAA"
        end = start + len(coding)
        sequence[start:end] = coding
        stop = gene.promoter_nt + gene.length_nt
        feature("regulatory", gene.promoter_nt, gene.promoter_nt + 1, 'regulatory_class="promoter"')
        feature("CDS", start, end, f'locus_tag="{gene.name}"', "transl_table=11")
        feature("regulatory", stop - 1, stop, 'regulatory_class="terminator"')
    text = sequence.decode()
    locus = f"MODEL{model.genes:011d} {model.length_nt} bp    DNA     linear   SYN 01-JAN-2000"
    lines = [
        f"LOCUS       {locus}",
        "FEATURES             Location/Qualifiers",
        *table,
        "ORIGIN",
    ]
    for at in range(0, len(text), 60):
        blocks = " ".join(text[k : k + 10] for k in range(at, min(at + 60, len(text)), 10))
        lines.append(f"{at + 1:>9} {blocks}")
    return "\n".join([*lines, "//", ""]).encode()


def load(model: ExpressionModel) -> bx.GenomicRuntime:
    """Compile the model."""
    manager = bx.GenomicVirtualizationManager()
    loaded = manager.load_genome_runtime(genbank(model), organism="minimal_cell")
    organism = loaded._program.organism
    organism.name = "phage-like model"
    organism.volume_l = model.volume_l
    organism.hold_pools = True
    organism.supply = []
    organism.rna_km_mM = organism.translation_km_mM = 0.0
    organism.mrna_counts = [0.0] * model.genes
    organism.rna_polymerases = model.rna_polymerases
    organism.rnap_footprint_nt = model.rnap_footprint_nt
    for key in ("rna_kcat_nt_per_s", "rna_kcat_min_nt_per_s", "rna_kcat_max_nt_per_s"):
        setattr(organism, key, model.rnap_nt_per_s)
    organism.promoter_binding_per_M_s = organism.promoter_strength_scale = 1.0
    organism.gene_promoter_strength = {
        index: gene.binding_per_molar_s for index, gene in enumerate(model.layout())
    }
    organism.ribosomes = model.ribosomes
    organism.ribosome_footprint_codons = model.ribosome_footprint_codons
    organism.ribosome_binding_per_M_s = model.ribosome_binding_per_molar_s
    organism.translation_kcat_aa_per_s = model.ribosome_codons_per_s
    organism.max_ribosomes_per_mrna = 0
    organism.degradosomes = 0
    program = _core.compile(loaded._genome, organism)
    units = [(unit.start, unit.end) for unit in program.units]
    wanted = [(gene.promoter_nt, gene.promoter_nt + gene.length_nt) for gene in model.layout()]
    if units != wanted or not program.executable.all():
        raise RuntimeError("the compiled units are not those of the model")
    return bx.GenomicRuntime(loaded._genome, program, loaded.parameters, loaded.configuration)


def observe(
    model: ExpressionModel, runtime: bx.GenomicRuntime, seed: int, seconds: int, from_s: int
) -> dict[str, float]:
    """Run a cell; free machines as means over samples a second apart, molecules at the end."""
    with bx.GenomicVirtualizationManager() as manager:
        context = manager.create_cellular_context(runtime, seed=seed)
        result = context.run(seconds, every_s=1.0)
        machines = context.polymerases()
    at_nt = machines["position_nt"][machines["kind"] == "rna_polymerase"] - model.gap_nt
    made_nt = at_nt % (model.gap_nt + model.transcript_nt)
    return {
        "free RNA polymerases": result.machines["rna_polymerase"]["free"][from_s:].mean(),
        "free ribosomes": result.machines["ribosome"]["free"][from_s:].mean(),
        "loadable transcripts": result.mrnas[-1].sum() - (made_nt < model.exposure_nt).sum(),
        "proteins": result.proteins[-1].sum(),
    }
