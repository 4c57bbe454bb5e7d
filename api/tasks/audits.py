"""The nightly care of the audit trail."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from api.audit import trail
from api.tasks.work import Failed, Work
from gis.audit import service


def run(work: Work, session: Session) -> Mapping[str, Any]:
    """Walk the whole chain; where it is whole, sign the head and drop what is too old.

    Fails with what was found where it is not: then nothing leaves.
    """
    work.say(0.0, "校验审计日志", "verifying the audit trail")
    found = trail.verify(session, work.house, heads_file=None)
    if found.findings:
        raise Failed(
            "audit_broken", "审计日志已被改动 / the audit trail was tampered with", found.as_dict()
        )
    head = trail.sign_head(session, work.house)  # of lines that stand, before one that may not
    dropped = service.prune(session, months=work.house.settings.audit_kept_months)
    return {**found.as_dict(), "head": head, "dropped": dropped}
