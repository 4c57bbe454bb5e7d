"""The whole schema: importing this module registers every table on one metadata."""

from gis.access import model as access
from gis.areas import model as areas
from gis.audit import model as audit
from gis.bulletins import model as bulletins
from gis.compounds import model as compounds
from gis.dangers import model as dangers
from gis.db.base import Base
from gis.facilities import model as facilities
from gis.facts import model as facts
from gis.grids import model as grids
from gis.jobs import model as jobs
from gis.publication import model as publication
from gis.rental import model as rental
from gis.runs import model as runs
from gis.safety import model as safety
from gis.scenarios import model as scenarios
from gis.uploads import model as uploads
from gis.video import model as video
from gis.video.ground import model as ground
from gis.visits import model as visits
from gis.walking import model as walking

METADATA = Base.metadata
MODULES = (
    access,
    areas,
    grids,
    compounds,
    facilities,
    safety,
    rental,
    video,
    ground,
    walking,
    runs,
    facts,
    audit,
    jobs,
    uploads,
    dangers,
    visits,
    publication,
    bulletins,
    scenarios,
)
