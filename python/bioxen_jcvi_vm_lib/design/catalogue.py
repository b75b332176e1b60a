"""The genes of the designed cell: what a minimal cell needs, by function.

Gene names, products and usual lengths are facts of the field (*Escherichia coli*, *Bacillus
subtilis* and the minimal mycoplasmas, rounded to what their homologues have in common); no
sequence is taken from anywhere. The copies are part of the design: molecules of each protein in a
newborn cell, those inside ribosomes and other machines included, for a cell of about 80,000
proteins with 500 ribosomes and 97 RNA polymerases. They also set the promoter strengths
(`unit.promoter_strength`).

A line of a table is ``name length copies style product``: length in amino acids for a protein (the
stop codon not counted) and in nucleotides for an RNA; style names the amino-acid composition, one
of cytosol, ribosomal, membrane and lipoprotein (see `protein`). Genes of unknown function follow a
rule instead of a table: see `_conserved_hypotheticals`.
"""

from __future__ import annotations

from dataclasses import dataclass

from .draws import Draws

HYPOTHETICAL = "unknown"
"""Functional class of the genes whose function is not known."""


@dataclass(frozen=True)
class GeneDesign:
    """What is decided about a gene before it has a sequence.

    Attributes
    ----------
    name : str       unique label; the `/gene` of a gene of known function
    function : str   functional class, a key of `PROTEINS` or ``rRNA``, ``tRNA``, ...
    kind : str       feature key: ``CDS``, ``rRNA``, ``tRNA``, ``tmRNA`` or ``ncRNA``
    length : int     amino acids (CDS) or nucleotides (RNA; 0 where the fold decides, as in tRNA)
    copies : int     molecules in a newborn cell (CDS; 0 for RNA)
    style : str      amino-acid composition (CDS), amino acid and anticodon (tRNA), else empty
    product : str    `/product`
    """

    name: str
    function: str
    kind: str
    length: int
    copies: int
    style: str
    product: str

    @property
    def named(self) -> bool:
        """Whether the name is a real gene name, written as `/gene`."""
        return self.function != HYPOTHETICAL


PROTEINS: dict[str, str] = {
    "transcription": """
rpoA 314 194 cytosol DNA-directed RNA polymerase subunit alpha
rpoB 1193 97 cytosol DNA-directed RNA polymerase subunit beta
rpoC 1199 97 cytosol DNA-directed RNA polymerase subunit beta'
rpoD 371 120 cytosol RNA polymerase sigma factor RpoD
rpoE 173 110 cytosol DNA-directed RNA polymerase subunit delta
nusA 371 110 cytosol transcription termination/antitermination protein NusA
nusB 131 90 cytosol transcription antitermination factor NusB
nusG 177 130 cytosol transcription termination/antitermination protein NusG
greA 157 150 cytosol transcription elongation factor GreA
spxA 131 90 cytosol RNA polymerase-binding regulator SpxA
whiA 300 45 cytosol DNA-binding protein WhiA
hrcA 343 60 cytosol heat-inducible transcription repressor HrcA
""",
    "ribosomal protein": """
rpsA 382 500 cytosol 30S ribosomal protein S1
rpsB 246 500 ribosomal 30S ribosomal protein S2
rpsC 218 500 ribosomal 30S ribosomal protein S3
rpsD 200 500 ribosomal 30S ribosomal protein S4
rpsE 166 500 ribosomal 30S ribosomal protein S5
rpsF 95 500 ribosomal 30S ribosomal protein S6
rpsG 156 500 ribosomal 30S ribosomal protein S7
rpsH 132 500 ribosomal 30S ribosomal protein S8
rpsI 130 500 ribosomal 30S ribosomal protein S9
rpsJ 102 500 ribosomal 30S ribosomal protein S10
rpsK 131 500 ribosomal 30S ribosomal protein S11
rpsL 138 500 ribosomal 30S ribosomal protein S12
rpsM 121 500 ribosomal 30S ribosomal protein S13
rpsN 61 500 ribosomal 30S ribosomal protein S14
rpsO 89 500 ribosomal 30S ribosomal protein S15
rpsP 90 500 ribosomal 30S ribosomal protein S16
rpsQ 87 500 ribosomal 30S ribosomal protein S17
rpsR 79 500 ribosomal 30S ribosomal protein S18
rpsS 92 500 ribosomal 30S ribosomal protein S19
rpsT 88 500 ribosomal 30S ribosomal protein S20
rpsU 57 500 ribosomal 30S ribosomal protein S21
rplA 232 500 ribosomal 50S ribosomal protein L1
rplB 277 500 ribosomal 50S ribosomal protein L2
rplC 209 500 ribosomal 50S ribosomal protein L3
rplD 207 500 ribosomal 50S ribosomal protein L4
rplE 179 500 ribosomal 50S ribosomal protein L5
rplF 179 500 ribosomal 50S ribosomal protein L6
rplI 149 500 ribosomal 50S ribosomal protein L9
rplJ 166 500 ribosomal 50S ribosomal protein L10
rplK 141 500 ribosomal 50S ribosomal protein L11
rplL 123 2000 cytosol 50S ribosomal protein L7/L12
rplM 145 500 ribosomal 50S ribosomal protein L13
rplN 122 500 ribosomal 50S ribosomal protein L14
rplO 146 500 ribosomal 50S ribosomal protein L15
rplP 144 500 ribosomal 50S ribosomal protein L16
rplQ 120 500 ribosomal 50S ribosomal protein L17
rplR 120 500 ribosomal 50S ribosomal protein L18
rplS 115 500 ribosomal 50S ribosomal protein L19
rplT 119 500 ribosomal 50S ribosomal protein L20
rplU 102 500 ribosomal 50S ribosomal protein L21
rplV 113 500 ribosomal 50S ribosomal protein L22
rplW 95 500 ribosomal 50S ribosomal protein L23
rplX 103 500 ribosomal 50S ribosomal protein L24
rpmA 94 500 ribosomal 50S ribosomal protein L27
rpmB 62 500 ribosomal 50S ribosomal protein L28
rpmC 66 500 ribosomal 50S ribosomal protein L29
rpmD 59 500 ribosomal 50S ribosomal protein L30
rpmE 66 500 ribosomal 50S ribosomal protein L31
rpmF 59 500 ribosomal 50S ribosomal protein L32
rpmG 49 500 ribosomal 50S ribosomal protein L33
rpmH 44 500 ribosomal 50S ribosomal protein L34
rpmI 66 500 ribosomal 50S ribosomal protein L35
rpmJ 37 500 ribosomal 50S ribosomal protein L36
""",
    "translation factor": """
infA 72 250 ribosomal translation initiation factor IF-1
infB 716 120 cytosol translation initiation factor IF-2
infC 173 250 ribosomal translation initiation factor IF-3
fusA 692 450 cytosol elongation factor G
tuf 395 1600 cytosol elongation factor Tu
tsf 293 400 cytosol elongation factor Ts
lepA 612 90 cytosol elongation factor 4
efp 185 150 cytosol elongation factor P
prfA 356 100 cytosol peptide chain release factor 1
prfB 366 90 cytosol peptide chain release factor 2
frr 185 220 cytosol ribosome recycling factor
smpB 156 70 ribosomal SsrA-binding protein
fmt 317 70 cytosol methionyl-tRNA formyltransferase
pth 188 60 cytosol aminoacyl-tRNA hydrolase
""",
    "aminoacyl-tRNA synthetase": """
alaS 878 110 cytosol alanine--tRNA ligase
argS 556 120 cytosol arginine--tRNA ligase
asnS 430 140 cytosol asparagine--tRNA ligase
aspS 592 120 cytosol aspartate--tRNA ligase
cysS 466 90 cytosol cysteine--tRNA ligase
glnS 553 110 cytosol glutamine--tRNA ligase
gltX 483 150 cytosol glutamate--tRNA ligase
glyS 460 150 cytosol glycine--tRNA ligase
hisS 424 90 cytosol histidine--tRNA ligase
ileS 921 120 cytosol isoleucine--tRNA ligase
leuS 804 140 cytosol leucine--tRNA ligase
lysS 499 170 cytosol lysine--tRNA ligase
metS 650 110 cytosol methionine--tRNA ligase
pheS 344 110 cytosol phenylalanine--tRNA ligase subunit alpha
pheT 804 110 cytosol phenylalanine--tRNA ligase subunit beta
proS 564 110 cytosol proline--tRNA ligase
serS 425 140 cytosol serine--tRNA ligase
thrS 643 130 cytosol threonine--tRNA ligase
trpS 330 80 cytosol tryptophan--tRNA ligase
tyrS 422 100 cytosol tyrosine--tRNA ligase
valS 880 120 cytosol valine--tRNA ligase
""",
    "RNA modification": """
trmD 243 70 cytosol tRNA (guanine-N(1)-)-methyltransferase
trmB 213 45 cytosol tRNA (guanine-N(7)-)-methyltransferase
trmK 238 45 cytosol tRNA (adenine(22)-N(1))-methyltransferase
tilS 472 60 cytosol tRNA(Ile)-lysidine synthase
tadA 161 50 cytosol tRNA-specific adenosine deaminase
truA 247 60 cytosol tRNA pseudouridine(38-40) synthase
truB 309 60 cytosol tRNA pseudouridine(55) synthase
rluD 303 50 cytosol ribosomal large subunit pseudouridine synthase D
ksgA 292 50 cytosol ribosomal RNA small subunit methyltransferase A
rsmH 311 50 cytosol ribosomal RNA small subunit methyltransferase H
rsmI 292 45 cytosol ribosomal RNA small subunit methyltransferase I
rlmB 249 50 cytosol 23S rRNA (guanosine(2251)-2'-O)-methyltransferase
rlmH 159 50 cytosol ribosomal RNA large subunit methyltransferase H
mnmA 380 45 cytosol tRNA-specific 2-thiouridylase MnmA
mnmE 459 60 cytosol tRNA uridine-5-carboxymethylaminomethyl modification GTPase
mnmG 628 60 cytosol tRNA uridine-5-carboxymethylaminomethyl modification enzyme
tsaB 229 45 cytosol tRNA threonylcarbamoyladenosine biosynthesis protein TsaB
tsaC 206 45 cytosol threonylcarbamoyl-AMP synthase
tsaD 336 60 cytosol tRNA N6-adenosine threonylcarbamoyltransferase
tsaE 158 45 cytosol tRNA threonylcarbamoyladenosine biosynthesis protein TsaE
cca 412 50 cytosol CCA tRNA nucleotidyltransferase
thiI 401 45 cytosol tRNA 4-thiouridine(8) synthase
""",
    "ribosome assembly": """
rimM 174 90 cytosol ribosome maturation factor RimM
rimP 156 60 cytosol ribosome maturation factor RimP
rbfA 117 90 ribosomal 30S ribosome-binding factor RbfA
rbgA 282 60 cytosol ribosome biogenesis GTPase RbgA
rsgA 298 60 cytosol small ribosomal subunit biogenesis GTPase RsgA
era 301 80 cytosol GTPase Era
der 436 80 cytosol GTPase Der
obg 428 80 cytosol GTPase Obg
ychF 366 70 cytosol redox-regulated ATPase YchF
ybeY 156 50 cytosol rRNA maturation RNase YbeY
""",
    "RNA decay": """
rny 520 120 lipoprotein ribonuclease Y
rnjA 555 120 cytosol ribonuclease J1
rnjB 555 90 cytosol ribonuclease J2
pnp 705 120 cytosol polyribonucleotide nucleotidyltransferase
cshA 494 120 cytosol DEAD-box ATP-dependent RNA helicase CshA
rnr 779 80 cytosol ribonuclease R
rnc 249 60 cytosol ribonuclease III
rnpA 116 60 ribosomal ribonuclease P protein component
rnz 307 45 cytosol ribonuclease Z
rnmV 186 45 cytosol ribonuclease M5
nrnA 313 70 cytosol bifunctional oligoribonuclease and PAP phosphatase NrnA
""",
    "replication": """
dnaA 446 150 cytosol chromosomal replication initiator protein DnaA
dnaN 378 210 cytosol DNA polymerase III subunit beta
dnaB 454 90 cytosol replicative DNA helicase
dnaC 311 60 cytosol DNA helicase loading protein
dnaD 232 50 cytosol DNA replication initiation protein DnaD
dnaE 1115 60 cytosol DNA polymerase III subunit alpha
polC 1437 50 cytosol DNA polymerase III PolC-type
dnaX 563 70 cytosol DNA polymerase III subunits gamma and tau
holA 347 50 cytosol DNA polymerase III subunit delta
holB 329 50 cytosol DNA polymerase III subunit delta'
dnaG 603 50 cytosol DNA primase
ssb 172 300 cytosol single-stranded DNA-binding protein
ligA 668 60 cytosol NAD-dependent DNA ligase LigA
polA 877 60 cytosol DNA polymerase I
gyrA 821 120 cytosol DNA gyrase subunit A
gyrB 638 120 cytosol DNA gyrase subunit B
parC 806 80 cytosol DNA topoisomerase IV subunit A
parE 655 80 cytosol DNA topoisomerase IV subunit B
topA 691 70 cytosol DNA topoisomerase I
hupA 92 900 ribosomal DNA-binding protein HU
""",
    "DNA repair": """
recA 348 90 cytosol recombinase RecA
mutM 274 45 cytosol bifunctional DNA-formamidopyrimidine glycosylase
nfo 297 45 cytosol deoxyribonuclease IV
ung 225 45 cytosol uracil-DNA glycosylase
""",
    "chromosome segregation": """
smc 1186 60 cytosol chromosome partition protein Smc
scpA 251 60 cytosol segregation and condensation protein A
scpB 197 60 cytosol segregation and condensation protein B
parA 253 70 cytosol chromosome partitioning ATPase ParA
parB 282 80 ribosomal chromosome partitioning protein ParB
ftsK 787 60 membrane DNA translocase FtsK
""",
    "cell division": """
ftsZ 382 400 cytosol cell division protein FtsZ
ftsA 440 80 cytosol cell division protein FtsA
sepF 152 120 cytosol cell division protein SepF
ftsL 117 50 membrane cell division protein FtsL
ftsW 403 45 membrane cell division protein FtsW
divIVA 164 120 cytosol septum site-determining protein DivIVA
mraZ 143 60 cytosol division/cell wall cluster transcriptional regulator MraZ
""",
    "protein folding": """
groEL 544 500 cytosol chaperonin GroEL
groES 94 500 cytosol co-chaperonin GroES
dnaK 611 450 cytosol molecular chaperone DnaK
dnaJ 375 120 cytosol molecular chaperone DnaJ
grpE 187 200 cytosol nucleotide exchange factor GrpE
tig 428 350 cytosol trigger factor
map 248 100 cytosol type I methionyl aminopeptidase
def 160 90 cytosol peptide deformylase
trxA 104 400 cytosol thioredoxin
trxB 316 140 cytosol thioredoxin-disulfide reductase
""",
    "proteolysis": """
lon 774 120 cytosol endopeptidase La
ftsH 637 120 membrane ATP-dependent zinc metalloprotease FtsH
clpB 810 110 cytosol ATP-dependent chaperone ClpB
clpC 810 90 cytosol ATP-dependent Clp protease ATP-binding subunit ClpC
clpX 420 90 cytosol ATP-dependent Clp protease ATP-binding subunit ClpX
clpP 197 160 cytosol ATP-dependent Clp protease proteolytic subunit
pepA 500 110 cytosol leucyl aminopeptidase
pepP 353 110 cytosol Xaa-Pro aminopeptidase
pepF 602 110 cytosol oligoendopeptidase F
htpX 298 60 membrane protease HtpX
""",
    "protein secretion": """
secA 841 120 cytosol preprotein translocase subunit SecA
secY 431 66 membrane preprotein translocase subunit SecY
secE 61 66 membrane preprotein translocase subunit SecE
secG 76 66 membrane preprotein translocase subunit SecG
secDF 737 60 membrane protein translocase subunit SecDF
ffh 446 110 cytosol signal recognition particle protein
ftsY 329 110 cytosol signal recognition particle-docking protein FtsY
yidC 261 110 membrane membrane protein insertase YidC
lspA 154 60 membrane signal peptidase II
lgt 269 60 membrane prolipoprotein diacylglyceryl transferase
sipS 184 60 membrane signal peptidase I
""",
    "glycolysis": """
glk 321 150 cytosol glucokinase
pgi 450 350 cytosol glucose-6-phosphate isomerase
pfkA 319 350 cytosol ATP-dependent 6-phosphofructokinase
fba 285 600 cytosol fructose-bisphosphate aldolase
tpiA 253 450 cytosol triose-phosphate isomerase
gapA 335 900 cytosol glyceraldehyde-3-phosphate dehydrogenase
pgk 394 600 cytosol phosphoglycerate kinase
gpmI 511 350 cytosol 2,3-bisphosphoglycerate-independent phosphoglycerate mutase
eno 430 700 cytosol phosphopyruvate hydratase
pykF 470 550 cytosol pyruvate kinase
""",
    "fermentation": """
ldh 317 700 cytosol L-lactate dehydrogenase
pdhA 371 350 cytosol pyruvate dehydrogenase E1 component subunit alpha
pdhB 325 350 cytosol pyruvate dehydrogenase E1 component subunit beta
pdhC 430 300 cytosol dihydrolipoyllysine-residue acetyltransferase
pdhD 470 300 cytosol dihydrolipoyl dehydrogenase
pta 323 250 cytosol phosphate acetyltransferase
ackA 395 250 cytosol acetate kinase
nox 452 250 cytosol NADH oxidase
lplA 331 60 cytosol lipoate--protein ligase
""",
    "pentose phosphate pathway": """
rpe 217 110 cytosol ribulose-phosphate 3-epimerase
rpiB 149 120 cytosol ribose-5-phosphate isomerase B
tkt 667 180 cytosol transketolase
tal 214 140 cytosol transaldolase
deoB 394 110 cytosol phosphopentomutase
deoC 223 140 cytosol deoxyribose-phosphate aldolase
deoD 235 160 cytosol purine-nucleoside phosphorylase
""",
    "phosphotransferase system": """
ptsI 572 250 cytosol phosphoenolpyruvate--protein phosphotransferase
ptsH 88 500 cytosol phosphocarrier protein HPr
ptsG 500 250 membrane PTS glucose transporter subunit EIICB
crr 161 300 cytosol PTS glucose transporter subunit EIIA
hprK 310 60 cytosol HPr kinase/phosphorylase
""",
    "ATP synthesis": """
atpI 127 45 membrane ATP synthase subunit I
atpB 240 90 membrane F0F1 ATP synthase subunit A
atpE 72 600 membrane F0F1 ATP synthase subunit C
atpF 170 160 lipoprotein F0F1 ATP synthase subunit B
atpH 181 90 cytosol F0F1 ATP synthase subunit delta
atpA 502 260 cytosol F0F1 ATP synthase subunit alpha
atpG 287 90 cytosol F0F1 ATP synthase subunit gamma
atpD 473 260 cytosol F0F1 ATP synthase subunit beta
atpC 132 90 cytosol F0F1 ATP synthase subunit epsilon
ppa 185 300 cytosol inorganic diphosphatase
""",
    "nucleotide metabolism": """
adk 217 400 cytosol adenylate kinase
gmk 204 150 cytosol guanylate kinase
cmk 224 130 cytosol (d)CMP kinase
pyrH 240 150 cytosol UMP kinase
ndk 149 250 cytosol nucleoside-diphosphate kinase
tmk 212 90 cytosol dTMP kinase
upp 209 200 cytosol uracil phosphoribosyltransferase
apt 170 200 cytosol adenine phosphoribosyltransferase
hpt 180 200 cytosol hypoxanthine phosphoribosyltransferase
prs 317 200 cytosol ribose-phosphate diphosphokinase
pyrG 535 120 cytosol CTP synthase
guaA 513 90 cytosol glutamine-hydrolyzing GMP synthase
guaB 488 120 cytosol IMP dehydrogenase
purA 430 100 cytosol adenylosuccinate synthase
purB 431 100 cytosol adenylosuccinate lyase
nrdE 700 110 cytosol ribonucleoside-diphosphate reductase subunit alpha
nrdF 329 130 cytosol ribonucleoside-diphosphate reductase subunit beta
nrdI 130 70 cytosol ribonucleotide reductase stimulatory protein NrdI
tdk 195 80 cytosol thymidine kinase
udk 211 80 cytosol uridine kinase
dck 217 80 cytosol deoxynucleoside kinase
cdd 136 100 cytosol cytidine deaminase
dcd 173 70 cytosol dCMP deaminase
dut 150 80 cytosol dUTP diphosphatase
pdp 433 110 cytosol pyrimidine-nucleoside phosphorylase
relA 740 60 cytosol bifunctional (p)ppGpp synthetase/hydrolase
""",
    "amino acid transport": """
oppA 545 450 lipoprotein oligopeptide ABC transporter substrate-binding protein
oppB 310 100 membrane oligopeptide ABC transporter permease OppB
oppC 305 100 membrane oligopeptide ABC transporter permease OppC
oppD 358 110 cytosol oligopeptide ABC transporter ATP-binding protein OppD
oppF 320 110 cytosol oligopeptide ABC transporter ATP-binding protein OppF
glnH 275 250 lipoprotein glutamine ABC transporter substrate-binding protein
glnP 230 90 membrane glutamine ABC transporter permease
glnQ 246 100 cytosol glutamine ABC transporter ATP-binding protein
metN 340 80 cytosol methionine ABC transporter ATP-binding protein
metI 222 70 membrane methionine ABC transporter permease
metQ 271 180 lipoprotein methionine ABC transporter substrate-binding protein
gltP 420 120 membrane glutamate/aspartate:proton symporter
alsT 465 110 membrane alanine:cation symporter
brnQ 440 110 membrane branched-chain amino acid transporter
lysP 480 110 membrane lysine-specific permease
arcD 470 100 membrane arginine antiporter
steT 438 100 membrane serine/threonine exchanger
aroP 455 90 membrane aromatic amino acid permease
putP 480 80 membrane proline:sodium symporter
tcyP 450 80 membrane cystine permease
""",
    "nucleoside transport": """
nupA 520 140 cytosol nucleoside ABC transporter ATP-binding protein
nupB 360 110 membrane nucleoside ABC transporter permease NupB
nupC 315 110 membrane nucleoside ABC transporter permease NupC
nupN 355 350 lipoprotein nucleoside ABC transporter substrate-binding protein
pbuG 440 100 membrane guanine/hypoxanthine permease
uraA 428 100 membrane uracil permease
""",
    "ion transport": """
pstS 290 200 lipoprotein phosphate ABC transporter substrate-binding protein
pstC 310 80 membrane phosphate ABC transporter permease PstC
pstA 295 80 membrane phosphate ABC transporter permease PstA
pstB 260 90 cytosol phosphate ABC transporter ATP-binding protein
phoU 218 80 cytosol phosphate transport system regulator PhoU
ktrA 222 90 cytosol potassium uptake system peripheral subunit KtrA
ktrB 450 90 membrane potassium uptake system transmembrane subunit KtrB
mgtA 890 90 membrane magnesium-translocating P-type ATPase
corA 318 80 membrane magnesium/cobalt transporter CorA
mntH 430 60 membrane divalent metal cation transporter
nhaC 460 70 membrane sodium:proton antiporter
""",
    "vitamin and metabolite transport": """
ecfA1 280 90 cytosol energy-coupling factor transporter ATP-binding protein EcfA1
ecfA2 289 90 cytosol energy-coupling factor transporter ATP-binding protein EcfA2
ecfT 265 90 membrane energy-coupling factor transporter transmembrane protein EcfT
ribU 190 60 membrane riboflavin transporter RibU
folT 178 60 membrane folate transporter FolT
pdxU 176 60 membrane pyridoxal transporter PdxU
niaX 186 60 membrane niacin transporter NiaX
panT 182 60 membrane pantothenate transporter PanT
thiT 192 60 membrane thiamine transporter ThiT
potA 350 110 cytosol spermidine/putrescine ABC transporter ATP-binding protein
potB 285 90 membrane spermidine/putrescine ABC transporter permease PotB
potC 275 90 membrane spermidine/putrescine ABC transporter permease PotC
potD 360 180 lipoprotein spermidine/putrescine ABC transporter substrate-binding protein
glpF 245 110 membrane glycerol uptake facilitator protein
lctP 520 120 membrane L-lactate permease
""",
    "lipid synthesis": """
acpP 77 600 cytosol acyl carrier protein
acpS 120 60 cytosol holo-ACP synthase
accA 325 80 cytosol acetyl-CoA carboxylase carboxyltransferase subunit alpha
accD 290 80 cytosol acetyl-CoA carboxylase carboxyltransferase subunit beta
fabD 317 90 cytosol malonyl-CoA--acyl carrier protein transacylase
fabF 413 140 cytosol beta-ketoacyl-ACP synthase II
fabG 246 140 cytosol 3-oxoacyl-ACP reductase
fabH 312 90 cytosol beta-ketoacyl-ACP synthase III
fabI 258 140 cytosol enoyl-ACP reductase
fabZ 144 140 cytosol 3-hydroxyacyl-ACP dehydratase FabZ
fakA 553 90 cytosol fatty acid kinase catalytic subunit FakA
fakB 281 140 cytosol fatty acid kinase binding subunit FakB
plsX 333 110 cytosol phosphate acyltransferase PlsX
plsY 193 90 membrane glycerol-3-phosphate acyltransferase PlsY
plsC 243 90 membrane 1-acyl-sn-glycerol-3-phosphate acyltransferase
cdsA 269 90 membrane phosphatidate cytidylyltransferase
pgsA 189 90 membrane CDP-diacylglycerol--glycerol-3-phosphate 3-phosphatidyltransferase
pgpA 168 70 membrane phosphatidylglycerophosphatase A
clsA 482 90 membrane cardiolipin synthase
glpK 497 140 cytosol glycerol kinase
gpsA 340 110 cytosol glycerol-3-phosphate dehydrogenase
dgkA 125 70 membrane diacylglycerol kinase
ugtP 382 110 cytosol diacylglycerol glucosyltransferase
galU 292 120 cytosol UTP--glucose-1-phosphate uridylyltransferase
""",
    "cofactor synthesis": """
folA 161 90 cytosol dihydrofolate reductase
folC 420 80 cytosol bifunctional folylpolyglutamate/dihydrofolate synthase
folD 284 100 cytosol methylenetetrahydrofolate dehydrogenase
fhs 556 90 cytosol formate--tetrahydrofolate ligase
glyA 413 180 cytosol serine hydroxymethyltransferase
thyA 279 90 cytosol thymidylate synthase
coaA 312 60 cytosol pantothenate kinase
coaBC 400 60 cytosol bifunctional phosphopantothenoylcysteine decarboxylase/synthase
coaD 160 70 cytosol pantetheine-phosphate adenylyltransferase
coaE 197 70 cytosol dephospho-CoA kinase
nadD 190 60 cytosol nicotinate-nucleotide adenylyltransferase
nadE 272 80 cytosol NAD(+) synthase
nadK 268 80 cytosol NAD(+) kinase
pncB 485 80 cytosol nicotinate phosphoribosyltransferase
ribF 312 80 cytosol bifunctional riboflavin kinase/FAD synthetase
metK 398 160 cytosol S-adenosylmethionine synthase
pdxK 270 60 cytosol pyridoxal kinase
tpk 214 60 cytosol thiamine diphosphokinase
sufS 406 120 cytosol cysteine desulfurase SufS
sufU 147 110 cytosol Fe-S cluster assembly scaffold protein SufU
""",
    "cell envelope": """
lppA 545 250 lipoprotein membrane-anchored lipoprotein LppA
lppB 310 220 lipoprotein membrane-anchored lipoprotein LppB
lppC 265 200 lipoprotein membrane-anchored lipoprotein LppC
lppD 180 180 lipoprotein membrane-anchored lipoprotein LppD
mscL 134 90 membrane large-conductance mechanosensitive channel protein
mreB 335 110 cytosol rod shape-determining protein MreB
""",
    "stress response": """
sodA 202 250 cytosol superoxide dismutase
tpx 167 250 cytosol thiol peroxidase
msrA 177 70 cytosol peptide-methionine (S)-S-oxide reductase
cspA 66 500 cytosol cold-shock protein CspA
ohrA 139 120 cytosol organic hydroperoxide resistance protein
uspA 148 160 cytosol universal stress protein
hit 142 120 cytosol HIT family protein
""",
}
"""Functional class of the proteins -> table of its genes."""

_RRNA = """
rrs 1530 16S ribosomal RNA
rrl 2905 23S ribosomal RNA
rrf 117 5S ribosomal RNA
"""
RRNA_COPIES = "AB"
"""One letter for each copy of the rRNA genes; the copies of a gene are identical."""

_TRNA = """
alaT Ala TGC
alaW Ala GGC
argQ Arg ACG inosine at position 34 reads CGT, CGC and CGA
argX Arg CCG
argU Arg TCT
asnT Asn GTT
aspT Asp GTC
cysT Cys GCA
glnU Gln TTG
gltT Glu TTC
glyT Gly TCC
glyV Gly GCC
hisR His GTG
ileT Ile GAT
ileX Ile CAT lysidine at position 34 reads ATA
leuW Leu TAG
leuX Leu CAA
leuZ Leu TAA
lysT Lys TTT
metT Met CAT elongator tRNA
metZ Met CAT initiator tRNA
pheU Phe GAA
proM Pro TGG
serT Ser TGA
serV Ser GCT
thrT Thr GGT
thrU Thr TGT
trpT Trp CCA
tyrT Tyr GTA
valT Val TAC
"""

_OTHER_RNA = """
ssrA tmRNA 363 - transfer-messenger RNA
rnpB ncRNA 380 RNase_P_RNA ribonuclease P RNA component
ffs ncRNA 110 SRP_RNA signal recognition particle RNA
"""

N_HYPOTHETICAL = 45
"""Conserved hypothetical proteins, a tenth of the genes: no known cell is fully understood."""

_HYPOTHETICAL_LENGTHS = (60, 84, 108, 132, 156, 180, 204, 231, 260, 294, 334, 388, 470, 590, 800)
"""Quantiles of their lengths [amino acids], equally likely steps: right-skewed, median 231."""

_HYPOTHETICAL_STYLES = (("cytosol", 70), ("membrane", 24), ("lipoprotein", 6))
_HYPOTHETICAL_PRODUCTS = {
    "cytosol": "conserved hypothetical protein",
    "membrane": "conserved hypothetical membrane protein",
    "lipoprotein": "conserved hypothetical lipoprotein",
}


def _rows(table: str, columns: int) -> list[list[str]]:
    return [line.split(maxsplit=columns - 1) for line in table.strip().splitlines()]


def _known_proteins() -> list[GeneDesign]:
    genes = []
    for function, table in PROTEINS.items():
        for name, length, copies, style, product in _rows(table, 5):
            genes.append(
                GeneDesign(name, function, "CDS", int(length), int(copies), style, product)
            )
    return genes


def _stable_rnas() -> list[GeneDesign]:
    genes = []
    for copy in RRNA_COPIES:
        for name, length, product in _rows(_RRNA, 3):
            genes.append(GeneDesign(name + copy, "rRNA", "rRNA", int(length), 0, "", product))
    for name, amino_acid, anticodon, *note in _rows(_TRNA, 4):
        style = " ".join([amino_acid, anticodon, *note])
        genes.append(GeneDesign(name, "tRNA", "tRNA", 0, 0, style, f"tRNA-{amino_acid}"))
    for name, kind, length, style, product in _rows(_OTHER_RNA, 5):
        genes.append(GeneDesign(name, kind, kind, int(length), 0, style, product))
    return genes


def _conserved_hypotheticals(seed: int) -> list[GeneDesign]:
    genes = []
    steps = _HYPOTHETICAL_LENGTHS
    for number in range(1, N_HYPOTHETICAL + 1):
        name = f"hyp{number:02d}"
        draws = Draws(seed, f"catalogue {name}")
        step = draws.below(len(steps) - 1)
        length = draws.between(steps[step], steps[step + 1])
        style = draws.weighted(_HYPOTHETICAL_STYLES)
        copies = draws.between(20, 160)
        product = _HYPOTHETICAL_PRODUCTS[style]
        genes.append(GeneDesign(name, HYPOTHETICAL, "CDS", length, copies, style, product))
    return genes


def catalogue(seed: int) -> dict[str, GeneDesign]:
    """All genes of the cell, by name.

    Parameters
    ----------
    seed : int   seed of the design; it decides the hypothetical proteins only

    Returns
    -------
    dict of str to GeneDesign   proteins of known function, stable RNAs, hypothetical proteins

    Raises
    ------
    ValueError   if two genes have one name
    """
    genes = _known_proteins() + _stable_rnas() + _conserved_hypotheticals(seed)
    by_name = {gene.name: gene for gene in genes}
    if len(by_name) != len(genes):
        names = [gene.name for gene in genes]
        twice = sorted({name for name in names if names.count(name) > 1})
        raise ValueError(f"gene names occur twice: {twice}")
    return by_name
