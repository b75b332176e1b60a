"""Configuration: a file or dict, then environment variables ``BIOXEN_...``, then keyword overrides.

What none of them sets comes from the organism's YAML. An unknown key is an error that names the
nearest known one; numbers carry the units in their descriptions; every value knows its source.

>>> config = GenomicVirtualizationConfig.from_dict({"virtual_resources": {"atp_pool": 75_000}})
>>> config = config.with_overrides(translation_execution_rate=15.0)
>>> for key, source in config.sources.items():
...     if source.kind != "default":
...         print(f"{key}: {source}")
virtual_resources.atp_pool_size: dict
execution_parameters.translation_execution_rate: keyword translation_execution_rate
"""

from __future__ import annotations

import math
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, ValidationInfo, field_validator

from bioxen_jcvi_vm_lib._checks import MAX_MOLECULES
from bioxen_jcvi_vm_lib.api.config_keys import Section
from bioxen_jcvi_vm_lib.api.configuration import Configuration, Setting

__all__ = [
    "Configuration",
    "DegradationProcessing",
    "ExecutionParameters",
    "GeneParameters",
    "GenomicVirtualizationConfig",
    "Setting",
    "VirtualMetabolites",
    "VirtualResources",
]

#: Keys that shape the program: they act when a runtime is loaded, not when a context is created.
SHAPING_KEYS = frozenset(
    {
        *("organism", "genome_file", "sequence_file", "execution_engine"),
        *("reference_mode", "proteome_file", "mrna_file"),
        *("doubling_time_min", "replication_execution_rate"),
        *("gene_table_file", "transcription_units_file"),
    }
)


def finite(value: float) -> float:
    if not math.isfinite(value):
        raise ValueError("must be a finite number")
    return value


# The limits are the engine's, so that a value which passes here is not refused there.
Count = Annotated[int, Field(ge=0, le=MAX_MOLECULES)]
Machines = Annotated[int, Field(ge=0, le=10_000_000)]
Rate = Annotated[float, Field(gt=0, le=1e6), AfterValidator(finite)]
Initiation = Annotated[float, Field(ge=0, le=1e6), AfterValidator(finite)]
Lifetime = Annotated[float, Field(ge=1e-6, le=1e9), AfterValidator(finite)]
Amount = Annotated[float, Field(ge=0, le=1e9), AfterValidator(finite)]
Text = Annotated[str, Field(min_length=1, max_length=4096)]


class VirtualMetabolites(Section):
    """Concentrations in the medium."""

    glucose_concentration: Amount | None = Field(None, description="glucose in the medium [mM]")
    phosphate_concentration: Amount | None = Field(None, description="phosphate in the medium [mM]")


class VirtualResources(Section):
    """Molecules per cell; what is not set comes from the organism."""

    spellings = {"atp_pool": "atp_pool_size", "ribosome_count": "ribosome_allocation"}

    atp_pool_size: Count | None = Field(None, description="ATP at birth [molecules]")
    ribosome_allocation: Machines | None = Field(None, description="ribosomes [molecules]")
    rna_polymerase_allocation: Machines | None = Field(
        None, description="RNA polymerases [molecules]"
    )
    virtual_metabolites: VirtualMetabolites = Field(
        default_factory=lambda: VirtualMetabolites(), description="the medium"
    )


class DegradationProcessing(Section):
    """Lifetimes of messengers and proteins."""

    spellings = {
        "mrna_lifetime_s": "mrna_processing_rate",
        "protein_lifetime_s": "protein_processing_rate",
    }

    mrna_processing_rate: Lifetime | None = Field(
        None, description="mean lifetime of a free transcript [s]; scales degradosome binding"
    )
    protein_processing_rate: Lifetime | None = Field(
        None, description="mean lifetime of a protein [s], first order; absent: the organism's"
    )


class GeneParameters(Section):
    """Rates of one gene that replace the organism's."""

    promoter_strength: Amount | None = Field(
        None, description="on the organism's scale, on which an average gene has 180"
    )
    initiation_rate_per_s: Initiation | None = Field(
        None, description="translation initiation at a clear site [1/s]; replaces ribosome binding"
    )
    termination_rate_per_s: Rate | None = Field(
        None, description="release of the protein at the stop codon [1/s]"
    )


class ExecutionParameters(Section):
    """How the machines work."""

    transcription_execution_rate: Rate | None = Field(
        None, description="kcat of every transcription unit [nt/s]"
    )
    translation_execution_rate: Rate | None = Field(None, description="kcat of translation [aa/s]")
    replication_execution_rate: Rate | None = Field(None, description="kcat of a fork [bp/s]")
    degradation_processing: DegradationProcessing = Field(
        default_factory=lambda: DegradationProcessing(), description="lifetimes"
    )
    reference_mode: bool = Field(
        False,
        description="units per gene, one RNA polymerase per unit and one ribosome per messenger, "
        "as in the published models; for comparison",
    )
    max_ribosomes_per_mrna: Annotated[int, Field(ge=0, le=100_000)] | None = Field(
        None, description="ribosomes on one transcript; 0: no limit"
    )
    max_rnap_per_unit: Annotated[int, Field(ge=0, le=100_000)] | None = Field(
        None, description="RNA polymerases on one transcription unit; 0: no limit"
    )
    hold_pools: bool = Field(
        False, description="clamp the molecule pools; the ledger books the difference"
    )
    cell_cycle: bool = Field(
        False,
        description="the cell grows, copies its DNA, builds machines and can divide; else volume, "
        "DNA and machines stay what they are at birth",
    )
    doubling_time_min: Annotated[float, Field(ge=1, le=1e5), AfterValidator(finite)] | None = Field(
        None,
        description="balanced growth: volume, machines and rounds of replication at birth, by the "
        "organism's table of growth rates; absent: as the organism's file has them [min]",
    )
    replicon_copies: dict[str, Annotated[int, Field(ge=1, le=1024)]] = Field(
        default_factory=dict,
        description="molecules of chromosomes and plasmids at the birth of a cell that grows "
        "(cell_cycle), by accession or name; absent: 1",
    )
    dna_damage_per_bp_s: Annotated[float, Field(ge=0, le=1)] | None = Field(
        None, description="lesions of the DNA [1/(bp s)]; absent: the organism's, which is 0"
    )
    proteome_file: Text | None = Field(
        None, description="CSV of protein counts by locus tag: promoter strengths, first proteins"
    )
    mrna_file: Text | None = Field(
        None, description="CSV of mean transcript counts by locus tag: first transcripts"
    )
    gene_table_file: Text | None = Field(
        None,
        description="CSV by locus_tag or symbol with any of mrna_half_life_min, tpm (or "
        "tpm_m9_glucose), translation_efficiency: decay, number and loading of messengers, "
        "relative to the mean gene",
    )
    transcription_units_file: Text | None = Field(
        None, description="CSV of transcription units: id, locus_tags, optionally experimental"
    )
    gene_parameters: dict[str, GeneParameters] = Field(
        default_factory=dict, description="rates of single genes, by locus tag or name"
    )
    rnap_footprint_nt: Annotated[int, Field(ge=1, le=10_000)] | None = Field(
        None, description="length that an RNA polymerase covers [nt]"
    )
    ribosome_footprint_codons: Annotated[int, Field(ge=1, le=1_000)] | None = Field(
        None, description="length that a ribosome covers [codons]"
    )


class GenomicVirtualizationConfig(Configuration):
    """How genomes are loaded and cells made of them; see `Configuration` for what it can."""

    root_key = "genomic_virtualization"
    spellings = {"execution_mode": "execution_engine"}

    enabled: bool = Field(True, description="false is refused where a genome is to run")
    genome_file: Text | None = Field(None, description="genome to load where none is given")
    sequence_file: Text | None = Field(
        None, description="FASTA of that genome_file, a GFF3 without its own sequence"
    )
    organism: Text | None = Field(
        None, description="minimal_cell, syn3a or ecoli; absent: matched to the genome"
    )
    metabolic_model: Text | None = Field(
        None, description="BiGG JSON or SBML with fbc: its flux balance sets the supply of the cell"
    )
    kinetics_files: list[Text] | None = Field(
        None, description="CSV of turnover numbers by reaction: copies of enzymes limit the fluxes"
    )
    snapshot_dir: Text | None = Field(
        None, description="folder in which the call snapshot(name) of a program saves"
    )
    execution_engine: Literal["direct"] = Field(
        "direct", description="direct: nucleotide- and codon-resolved"
    )
    runtime_scheduler: Literal["preemptive", "cooperative"] = Field(
        "preemptive", description="how contexts share a worker"
    )
    virtual_resources: VirtualResources = Field(
        default_factory=lambda: VirtualResources(), description="molecules"
    )
    execution_parameters: ExecutionParameters = Field(
        default_factory=lambda: ExecutionParameters(), description="machines"
    )

    @field_validator("sequence_file")
    @classmethod
    def _has_its_genome(cls, value: str | None, info: ValidationInfo) -> str | None:
        if value is not None and info.data.get("genome_file", "") is None:
            raise ValueError("belongs to a genome_file, which is not set: give both")
        return value
