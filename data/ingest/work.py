"""One import under way: staged, checked, placed and merged, with what was said about its rows."""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import replace

import pyarrow as pa
from sqlalchemy.orm import Session

from data.ingest import checks, merge, staging, undo
from data.ingest.conform import conform
from data.ingest.fields import field
from data.ingest.reasons import contradictions, note
from data.ingest.report import ImportReport, Notes
from data.ingest.targets import Target, complete
from data.ingest.types import Chunk, FileFacts, RowNote
from gis.assignment import service as assignment
from gis.district import District
from gis.errors import ImportRefused
from gis.facts import service as store_facts
from gis.privacy import hidden
from gis.runs.model import Import

_KEYLESS = (
    "没有键列：改正或补充后的文件会另存一份，不会替换本文件的行 · there is no key column:"
    " a corrected or longer file will stand beside this one, not replace its rows"
)
_DEMO = (
    "演示数据库：导入的内容也标为演示数据；真实数据请另用 WANGGE_HOME · demo store:"
    " what is imported is marked as demo data, too; for real data set another WANGGE_HOME"
)
Progress = Callable[[str, int, int | None], None]
"""Told the stage (read, check, place, write), rows done and rows in all (None: unknown)."""


def silent(_stage: str, _done: int, _rows: int | None) -> None:
    """Progress that nobody watches."""


class Work:
    """One import under way: what it knows of the file and has said about its rows so far."""

    def __init__(
        self,
        session: Session,
        facts: FileFacts,
        target: Target,
        district: District,
        progress: Progress,
    ) -> None:
        self.session, self.facts, self.target = session, facts, target
        self.district, self.progress = district, progress
        self.notes = Notes()
        self.read = 0
        self.present: set[str] = set()
        self.remarks: tuple[str, ...] = ()
        named = f"{facts.sha256}/{facts.layer or ''}"  # two layers of a file are two sources
        self.digest = hashlib.sha256(named.encode()).hexdigest()[:16]
        self.staged = staging.table_of(target)

    def run(self, chunks: Iterator[Chunk]) -> ImportReport:
        undo.alone(self.session)
        self._stage(chunks)
        self._check()
        record = self._record()
        if self.target.layer is None:
            return self._write(record)
        codes = checks.codes(self.session, self.staged)
        with assignment.redrawing(
            self.session, self.target.layer, codes, district_code=self.district.code
        ) as redrawing:
            closed = merge.fit_versions(
                self.session, self.target, self.staged, self.notes, import_id=record.id
            )
            report = self._write(record, closed=closed)
        return replace(report, reassigned=redrawing.reassigned)

    def refused(self, refusal: ImportRefused) -> ImportReport:
        """The report of a file of which nothing was kept."""
        return replace(self._report(), refused=self.read, refusal=(refusal.code, str(refusal)))

    def _stage(self, chunks: Iterator[Chunk]) -> None:
        staging.create(self.session, self.staged)
        for chunk, table, notes in staging.ahead(map(self._conformed, chunks)):
            staging.copy(self.session, self.staged, table)
            self.notes.add(chunk.notes)
            self.notes.add(notes)
            self.present |= {name for name in table.column_names if self._states(table, name)}
            self.read += chunk.read
            self.progress("read", self.read, self.facts.rows)
        staging.analyze(self.session, self.staged)

    def _conformed(self, chunk: Chunk) -> tuple[Chunk, pa.Table, list[RowNote]]:
        rows = chunk.rows.reset_index(drop=True)
        numbered = self.digest + ":" + rows["row"].astype("int64").astype(str)
        keys = rows["source_key"].astype(object) if "source_key" in rows else None
        rows["source_key"] = numbered if keys is None else keys.where(keys.notna(), numbered)
        table, notes = conform(complete(self.target.kind, rows, self.district), self.target)
        return chunk, table, notes

    def _states(self, table: pa.Table, name: str) -> bool:
        """Whether the file itself has a value for the column, not only our default."""
        if name in self.facts.mapping:
            return True
        known = field(self.target.kind, name)
        defaulted = known is not None and known.default is not None
        return not defaulted and table[name].null_count < table.num_rows

    def _check(self) -> None:
        self.progress("check", 0, self.read)
        checks.check(self.session, self.target, self.staged, self.notes, self.district.code)
        repeated = checks.settle_keys(
            self.session, self.target, self.staged, self.notes, self.digest
        )
        self.remarks += (repeated,) if repeated else ()
        if not self.target.key and self.facts.key_column is None:
            self.remarks += (_KEYLESS,)
        if store_facts.is_demo(self.session):
            self.remarks += (_DEMO,)

    def _write(self, record: Import, *, closed: int = 0) -> ImportReport:
        if self.target.assigned:
            self._place()
            checks.within_reach(self.session, self.target, self.staged, self.notes)
        checks.beside_stored(self.session, self.target, self.staged, self.notes, self.present)
        kept = checks.count(self.session, self.staged)
        if not kept:
            raise ImportRefused("nothing_kept", self._why_nothing())
        self.progress("write", 0, kept)
        by = merge.Provenance(record.id, self.facts.frame, self.district.code, self.district.srid)
        written = merge.merge(self.session, self.target, self.staged, present=self.present, by=by)
        shares = merge.write_shares(self.session, self.target, self.present)
        report = replace(
            self._report(),
            inserted=written.inserted,
            updated=written.updated,
            unchanged=kept - written.inserted - written.updated,
            closed=closed,
            refused=self.read - kept,
        )
        changed = written.inserted + written.updated + closed + shares
        if changed:
            report = replace(report, import_id=record.id)
        self._conclude(record, report if changed else None)
        self.progress("write", kept, kept)
        return report

    def _place(self) -> None:
        self.progress("place", 0, self.read)
        points = merge.points(self.target, self.staged)
        named = merge.declared(self.target, self.staged, self.present)
        assignment.place(self.session, points, named)
        self.notes.add(
            note(row, "outside_communities", column="geom")
            for row in assignment.outside(self.session)
        )
        if named is None:
            return
        for row, code in assignment.unknown(self.session):
            self.notes.add([note(row, "area_unknown", column="area_code", value=code)])
        for layer, page in assignment.contradictions(self.session, srid=self.district.srid):
            self.notes.add(contradictions(layer, page))

    def _report(self) -> ImportReport:
        return ImportReport(
            self.target.kind, self.facts, self.notes, read=self.read, remarks=self.remarks
        )

    def _why_nothing(self) -> str:
        file, leading = hidden(self.facts.path.name), self.notes.reasons()[:3]
        zh = [f"{one.count} × {one.code}（{one.reason_zh}）" for one in leading]
        en = [f"{one.count} × {one.code} ({one.reason_en})" for one in leading]
        return (
            f"{file}：{self.read} 行均不能入库：{'；'.join(zh) or '文件没有数据行'} / "
            f"{file}: none of {self.read} rows can be kept: "
            f"{'; '.join(en) or 'the file has no rows'}"
        )

    def _record(self) -> Import:
        facts = self.facts
        record = Import(
            area_code=self.session.info["user"].area_prefixes[0] or self.district.code,
            kind=self.target.kind,
            file_name=hidden(facts.path.name),
            file_sha256=facts.sha256,
            layer=facts.layer and hidden(facts.layer),
            frame=facts.frame,
            encoding=facts.encoding,
            read=0,
            kept=0,
            repaired=0,
            flagged=0,
            refused=0,
            summary={},
        )
        self.session.add(record)
        self.session.flush()
        return record

    def _conclude(self, record: Import, report: ImportReport | None) -> None:
        """Complete the record of the import; one that changed nothing leaves none."""
        if report is None:
            self.session.delete(record)
        else:
            record.read, record.kept, record.refused = report.read, report.kept, report.refused
            record.repaired, record.flagged = report.repaired, report.flagged
            reasons: dict[str, int] = {}
            for reason in report.notes.reasons():
                reasons[reason.code] = reasons.get(reason.code, 0) + reason.count
            reach = [one or self.district.code for one in self.session.info["user"].area_prefixes]
            record.summary = {**report.counts(), "reasons": reasons, "reach": reach}
            undo.supersede(self.session, record)
        self.session.flush()
