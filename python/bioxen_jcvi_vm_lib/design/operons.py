"""Which genes are transcribed together.

The groups follow gene orders that are conserved in bacteria where there is one (S10, *spc*, alpha,
*str*, *atp*, *gap*, ...). Genes that no group names are transcribed alone, those of unknown
function in random runs. Stable RNAs never share a unit with protein genes.
"""

from __future__ import annotations

from dataclasses import dataclass

from .catalogue import HYPOTHETICAL, GeneDesign
from .draws import Draws

AT_ORIGIN_FORWARD = "dnaA"
"""The operon to the right of the origin."""

AT_ORIGIN_REVERSE = "rpmH"
"""The operon to the left of the origin, transcribed away from it (so in many bacteria)."""

OPERONS: dict[str, str] = {
    "dnaA": "dnaA dnaN",
    "rpmH": "rpmH rnpA yidC",
    "rrnA": "rrsA rrlA rrfA",
    "rrnB": "rrsB rrlB rrfB",
    "trnA": "alaT ileT glyT tyrT thrU lysT leuW leuZ argQ",
    "trnB": "valT gltT asnT serV metT aspT pheU",
    "trnC": "metZ ileX",
    "trnD": "hisR proM argU",
    "trnE": "cysT glyV",
    "S10": "rpsJ rplC rplD rplW rplB rpsS rplV rpsC rplP rpmC rpsQ",
    "spc": "rplN rplX rplE rpsN rpsH rplF rplR rpsE rpmD rplO secY adk",
    "alpha": "map infA rpmJ rpsM rpsK rpoA rplQ",
    "str": "rpsL rpsG fusA tuf",
    "nusG": "rpmG secE nusG rplK rplA",
    "rplJ": "rplJ rplL",
    "rpoB": "rpoB rpoC",
    "rplM": "rplM rpsI",
    "rpsF": "rpsF ssb rpsR rplI dnaB",
    "rpsB": "rpsB tsf pyrH frr",
    "rpsP": "rpsP rimM trmD rplS",
    "infC": "infC rpmI rplT",
    "rplU": "rplU rpmA obg",
    "rpsO": "rpsO pnp",
    "rimP": "rimP nusA infB rbfA truB ribF",
    "cmk": "cmk rpsA der",
    "rpsU": "rpsU dnaG rpoD",
    "rpmF": "rpmF plsX fabH fabD fabG acpP fabF",
    "holA": "holA rpsT",
    "ecf": "ecfA1 ecfA2 ecfT truA",
    "atp": "atpI atpB atpE atpF atpH atpA atpG atpD atpC",
    "gap": "gapA pgk tpiA gpmI eno",
    "pfk": "pfkA pykF",
    "pts": "ptsH ptsI crr",
    "pdh": "pdhA pdhB pdhC pdhD lplA",
    "pta": "pta ackA",
    "gro": "groES groEL",
    "dnaK": "hrcA grpE dnaK dnaJ",
    "clpX": "tig clpX",
    "gyr": "gyrB gyrA",
    "par": "parE parC",
    "dcw": "mraZ rsmH ftsL ftsW ftsA ftsZ sepF divIVA",
    "opp": "oppA oppB oppC oppD oppF",
    "gln": "glnH glnP glnQ",
    "met": "metN metI metQ",
    "nup": "nupN nupA nupB nupC",
    "pst": "pstS pstC pstA pstB phoU",
    "ktr": "ktrA ktrB",
    "pot": "potA potB potC potD",
    "pdp": "pdp deoC cdd deoB",
    "nrd": "nrdE nrdI nrdF",
    "pur": "purB purA",
    "gua": "guaB guaA",
    "smc": "rnc smc ftsY",
    "scp": "scpA scpB",
    "soj": "parA parB",
    "acc": "accD accA",
    "fak": "fakA fakB",
    "cds": "cdsA plsC",
    "pgs": "pgsA pgpA",
    "tsa": "tsaE tsaB tsaD tsaC",
    "mnm": "mnmE mnmG",
    "coa": "coaBC coaD",
    "nadD": "nadD ybeY",
    "nadE": "nadE pncB",
    "folD": "folD folC fhs",
    "folA": "folA thyA",
    "suf": "sufS sufU mnmA",
    "phe": "pheS pheT",
    "apt": "apt relA",
    "tilS": "tilS hpt ftsH",
    "tdk": "tdk prfA",
    "rsgA": "rsgA rpe",
    "dnaX": "dnaX tmk holB",
    "dgkA": "dgkA era",
    "rnj": "rnjA def",
    "hprK": "hprK lgt trxB",
    "ileS": "ileS lspA",
    "rnmV": "rnmV ksgA",
    "glp": "glpF glpK",
    "galU": "galU ugtP",
    "proS": "proS polC",
    "polA": "polA mutM coaE",
    "dnaD": "dnaD dnaC",
    "udk": "udk greA",
}
"""Name of an operon -> its genes in the order of transcription."""

_RUN_LENGTHS = ((1, 30), (2, 30), (3, 25), (4, 15))
"""Genes of unknown function that stand together, with weights."""


@dataclass(frozen=True)
class Group:
    """Genes that share a promoter, in the order of transcription.

    Attributes
    ----------
    name : str     `/operon` of a group of several genes, else the label of its gene
    genes : tuple of GeneDesign   1 to 12 genes, all of proteins or all of stable RNAs
    """

    name: str
    genes: tuple[GeneDesign, ...]


def groups(genes: dict[str, GeneDesign], seed: int) -> list[Group]:
    """Distribute all genes over transcription units.

    Parameters
    ----------
    genes : dict of str to GeneDesign   the catalogue
    seed : int                          seed of the design

    Returns
    -------
    list of Group   every gene in exactly one

    Raises
    ------
    KeyError     if an operon names a gene that the catalogue lacks
    ValueError   if a gene is in two operons, or proteins and stable RNAs share one
    """
    found = [
        Group(name, tuple(genes[gene] for gene in members.split()))
        for name, members in OPERONS.items()
    ]
    placed = [gene.name for group in found for gene in group.genes]
    if len(set(placed)) != len(placed):
        raise ValueError("a gene is in two operons")
    for group in found:
        if len({gene.kind == "CDS" for gene in group.genes}) != 1:
            raise ValueError(f"operon {group.name} mixes proteins and stable RNAs")
    rest = [gene for gene in genes.values() if gene.name not in set(placed)]
    found += [Group(gene.name, (gene,)) for gene in rest if gene.function != HYPOTHETICAL]
    return found + _runs([gene for gene in rest if gene.function == HYPOTHETICAL], seed)


def _runs(genes: list[GeneDesign], seed: int) -> list[Group]:
    draws = Draws(seed, "operons of unknown function")
    found: list[Group] = []
    while genes:
        length = draws.weighted(_RUN_LENGTHS)
        members, genes = tuple(genes[:length]), genes[length:]
        found.append(Group(f"unk{len(found) + 1:02d}", members))
    return found
