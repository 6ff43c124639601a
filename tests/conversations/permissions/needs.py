"""What each verb and each button needs: a way to use it on Anna's records, and the grants without any of which it is refused.

A verb or button that stands in neither table fails the tests. {d}, {c}, {o}, {l} and {a} are the versions of her records.
"""

from __future__ import annotations

_LINES = """
deal       | /deal d1 | deal.read
deal       | /deal d1 5k | deal.change
deal       | /deal d1 #x | deal.change deal.read
deal       | /deal Newco 1k | deal.add
stage      | /stage d1 >proposal | deal.change
won        | /won d1 | deal.change
wait       | /wait d1 15.12 x | deal.change
lost       | /lost d1 price | deal.change
call       | /call c1 5m ok | activity.add contact.read
call       | /call c1 5m ok #x | contact.change
meet       | /meet d1 5m ok | activity.add deal.read
task       | /task d1 tomorrow x | activity.add deal.read
note       | /note d1 x | activity.add deal.read
lead       | /lead Newlead roof | lead.add
lead       | /lead l1 +48 602 000 000 | lead.change lead.read
lead       | /lead l1 #x | lead.change lead.read
contact    | /contact Bernd Neu | contact.add
contact    | /contact c1 New Name | contact.change contact.read
contact    | /contact c1 #x | contact.change contact.read
company    | /company Newco | company.add
company    | /company o1 New Name | company.change company.read
company    | /company o1 #x | company.change company.read
ask        | /ask @Anna d1 how much? | deal.read
handover   | /handover anna bob | deal.change
timeline   | /timeline d1 | deal.read
timeline   | /timeline c1 | contact.read
rules      | /rules | rule.read
export     | /export deals csv | deal.export
export     | /export contacts csv | contact.export
export     | /export companies csv | company.export
export     | /export leads csv | lead.export
export     | /export activities csv | activity.export
merge      | /merge c3 c4 | contact.change contact.read
copy       | /copy d1 | deal.add deal.read
delete     | /delete d1 | deal.delete deal.read
delete     | /delete c1 | contact.delete contact.read
delete     | /delete o1 | company.delete company.read
delete     | /delete l1 | lead.delete lead.read
delete     | /delete a1 | activity.delete activity.read
personal   | /personal c1 | contact.read
personal   | /personal l1 | lead.read
erase      | /erase c1 | contact.delete contact.read
erase      | /erase l1 | lead.delete lead.read
roles      | /roles | role.read
departments | /departments | department.read
departments | /departments Sales/South | department.add
plugins    | /plugins | setting.change
settings   | /settings company zone Europe/Berlin | setting.change
invite     | /invite rep Eva | user.add
"""

# What everybody of the staff may use: it shows or changes one's own things, or lists what is within reach.
FREE_LINES = frozenset(
    {
        *(
            "leave",
            "stages",
            "today",
            "deals",
            "team",
            "board",
            "report",
            "calendar",
            "undo",
            "operations",
            "help",
            "start",
        ),
        *("duplicates", "filter", "find", "import", "fields", "lists"),
    }
)

_PRESSES = """
mr | mr:d1 | deal.read
mr | mr:c1 | contact.read
mr | mr:o1 | company.read
mr | mr:l1 | lead.read
op | op:d1 | deal.read
op | op:c1 | contact.read
op | op:o1 | company.read
op | op:l1 | lead.read
op | op:a1 | activity.read
ds | ds:1 | deal.change deal.read
dS | dS:1:{d}:3 | deal.change deal.read
dw | dw:1:{d} | deal.change deal.read
dl | dl:1 | deal.change deal.read
lr | lr:1:{d}:8 | deal.change deal.read
lo | lo:1 | deal.change deal.read
dr | dr:1:{d} | deal.change deal.read
ls | ls:d1:price | deal.change deal.read
sg | sg:d1:proposal | deal.change deal.read
wt | wt:1 | deal.change deal.read
wS | wS:1:{d}:20261215 | deal.change deal.read
wo | wo:1 | deal.change deal.read
wy | wy:1 | deal.change deal.read
wx | wx:1:{d} | deal.change deal.read
tl | tl:d1 | deal.read
tl | tl:c1 | contact.read
tl | tl:o1 | company.read
tl | tl:l1 | lead.read
no | no:d1 | deal.read
no | no:c1 | contact.read
fl | fl:d1 | deal.read
fo | fo:1 | activity.read
ho | ho:d1:{d} | deal.change deal.read
ho | ho:c1 | contact.change contact.read
hO | hO:d1:{bob}:{d} | deal.change deal.read
hO | hO:c1:{bob}:{c} | contact.change contact.read
hO | hO:o1:{bob}:{o} | company.change company.read
hO | hO:l1:{bob}:{l} | lead.change lead.read
lc | lc:1:{l} | lead.change lead.read
lp | lp:1:{l} | lead.change lead.read
lC | lC:1:{l}:0:0:1 | lead.change lead.read
lx | lx:1:{l} | lead.change lead.read
cp | cp:d1:{d} | deal.add deal.read
cp | cp:c1:{c} | contact.add contact.read
rd | rd:d1 | deal.delete deal.read
rd | rd:c1 | contact.delete contact.read
rd | rd:o1 | company.delete company.read
rd | rd:l1 | lead.delete lead.read
rd | rd:a1 | activity.delete activity.read
rD | rD:d1:{d} | deal.delete deal.read
rD | rD:c1:{c} | contact.delete contact.read
rD | rD:o1:{o} | company.delete company.read
rD | rD:l1:{l} | lead.delete lead.read
rD | rD:a1:{a} | activity.delete activity.read
nd | nd:o1 | deal.add
nl | nl:Newlead | lead.add
lk | lk:f1:d1 | activity.change
ad | ad:1 | activity.change activity.read
ap | ap:1:{a} | activity.change activity.read
am | am:1:{a} | activity.change activity.read
at | at:1:{a} | activity.change activity.read
aw | aw:1:{a}:202611301000 | activity.change activity.read
ao | ao:1 | activity.change activity.read
ax | ax:1:{a} | activity.change activity.read
al | al:1:ok:5:z | activity.change activity.read
sm | sm:1:202611301000 | activity.add deal.read
ak | ak:1 | activity.read
ic | ic:1 | activity.read
hl | hl:{anna} | deal.change
hw | hw:{anna}:{bob} | deal.change
hW | hW:{anna}:{bob}:0 | deal.change
hv | hv:1:{a}:1:0:-:0: | activity.change activity.read
mk | mk:1:p | deal.read
mg | mg:c3.4 | contact.change contact.read
ex | ex:deals:csv:{anna}: | deal.export
ex | ex:contacts:csv | contact.export
Po | Po:c1 | contact.read
Pe | Pe:c1 | contact.export contact.read
PE | PE:c1 | contact.delete contact.read
PE | PE:l1 | lead.delete lead.read
df | df:contact | contact.read
pl | pl:0 | setting.change
pd | pd:kinds | setting.change
ps | ps:kinds:off | setting.change
ya | ya | role.read
yr | yr:1 | role.read
ye | ye:1:deal | role.read
yg | yg:1:deal:read:all | role.change
yG | yG:1:abc:all | role.change
yc | yc:1 | role.add
yn | yn:1 | role.change
yd | yd:1 | role.delete
yP | yP:0 | role.read
yp | yp:{anna} | role.read
yR | yR:{bob}:0 | role.read
yS | yS:{anna}:3 | role.change
yO | yO:{anna} | role.change
yt | yt | department.read
yb | yb:1 | department.read
yB | yB:0 | department.add
yw | yw:1 | department.change
ym | ym:1:0 | department.read
yM | yM:1:0 | department.change department.read
yx | yx:1 | department.delete
yh | yh:1:0 | department.read
yH | yH:1:{anna} | department.change
yk | yk:1:0 | department.read
yq | yq:{anna}:0 | department.read
yQ | yQ:{anna}:1:b | department.change
fm | fm:stage.1 | setting.change
zn | zn:deal | field.add
zr | zr:1:1 | field.change
zP | zP:1:0 | field.change
zm | zm:1:d | field.change
zN | zN:1 | field.change
zg | zg:1 | field.change
zG | zG:1:1 | field.change
zx | zx:1:1 | field.delete
zv | zv:d1 | deal.read
zo | zo:d1:1 | deal.change deal.read
kn | kn | choice.add
ka | ka:lost_reason | choice.add
kr | kr:1:e | choice.change
km | km:1:d | choice.change
kM | kM:1:0 | choice.change
kX | kX:1:1:2 | choice.change
kx | kx:1:1 | choice.delete
Qh | Qh:1:0 | filter.change
Qd | Qd:1 | filter.delete
Rl | Rl:0 | rule.read
Ru | Ru:1 | rule.read
Rn | Rn:0 | rule.add
Rd | Rd:1:1 | rule.delete
Rr | Rr:1 | rule.read
Ro | Ro:1:0 | rule.change
Rk | Rk:1 | rule.change
RK | RK:1 | rule.change
"""

# Buttons that no grant alone decides about, and why. Each is pressed by a rep and by a stranger manager all the same (presses.py).
FREE_PRESSES: dict[str, frozenset[str]] = {
    # It works on a question, a plan or a card of whoever presses; on somebody else's it answers that there is none.
    "own": frozenset(
        {
            *(
                "un",
                "wn",
                "wg",
                "wm",
                "pk",
                "pn",
                "sr",
                "rv",
                "uknote",
                "uklead",
                "ukfind",
                "dx",
                "pp",
                "cs",
                "cn",
                "du",
                "dz",
                "dy",
            ),
            *(
                "mq",
                "mc",
                "ms",
                "mG",
                "mX",
                "mb",
                "mB",
                "ii",
                "im",
                "il",
                "if",
                "iF",
                "ir",
                "iR",
                "iM",
                "iv",
                "iy",
                "iY",
                "ip",
                "ix",
                "iq",
            ),
            *(
                "Qp",
                "Qs",
                "Qc",
                "Qe",
                "Bm",
                "Bk",
                "Bv",
                "Br",
                "Bf",
                "Bd",
                "zt",
                "zw",
                "rp",
                "rg",
                "rw",
                "rW",
                "rf",
                "hX",
                "x",
            ),
        }
    ),
    # It changes how the person who presses is reminded, or what they are shown.
    "self": frozenset({"se", "cf", "sz", "nz", "sa", "sn", "sd", "lv"}),
    # It lists or counts what is within reach, or says how something is written.
    "lists": frozenset(
        {
            *(
                "bd",
                "vi",
                "sl",
                "ov",
                "hm",
                "hf",
                "tm",
                "in",
                "oj",
                "oo",
                "ro",
                "rl",
                "dg",
                "Ql",
                "Q?",
                "zl",
                "zf",
                "kl",
            ),
            *("kd", "kw"),
        }
    ),
    # Within reach or made by whoever presses: asked of the record, the message, the merge or the operation itself.
    "record": frozenset(
        {
            *(
                "an",
                "dp",
                "so",
                "st",
                "my",
                "mn",
                "mt",
                "mo",
                "mp",
                "aa",
                "qa",
                "io",
                "id",
                "ib",
                "ca",
                "ct",
                "rs",
                "om",
            ),
            *("mU", "os", "og", "ou", "oc", "dn", "db", "zp", "zs", "za", "zd", "kp"),
        }
    ),
    # A part of a rule or a form: asked of what it belongs to.
    "part": frozenset({"fc", "fe", "fs", "fa", "fd", "Rt", "Rp", "Rq", "RP", "Rx", "Ry", "RY"}),
}


def _read(table: str) -> dict[str, list[tuple[str, tuple[str, ...]]]]:
    found: dict[str, list[tuple[str, tuple[str, ...]]]] = {}
    for line in table.strip().splitlines():
        name, way, grants = (part.strip() for part in line.split(" | "))
        found.setdefault(name, []).append((way, tuple(grants.split())))
    return found


LINE_NEEDS = _read(_LINES)
PRESS_NEEDS = _read(_PRESSES)
GRANTS = sorted(
    {grant for table in (LINE_NEEDS, PRESS_NEEDS) for ways in table.values() for _, needed in ways for grant in needed}
)
