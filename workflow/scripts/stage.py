"""Run the stage that a rule names, with the files and settings the rule states."""

import sys
from pathlib import Path

from lead.cli.stage import run_on_several, run_stage
from lead.config.load import resolve_study
from lead.files.job import Job

# experiments/ is no part of the package that is installed.
sys.path.append(str(Path(snakemake.scriptdir).parents[1]))


def paths(files):
    """Named files as paths; a name that stands for several files keeps them all."""
    return {
        name: Path(files[name]) if isinstance(files[name], str) else tuple(map(Path, files[name]))
        for name in files.keys()  # noqa: SIM118 (not a dict)
    }


study = resolve_study(snakemake.config)
job = Job(
    stage=snakemake.rule.removeprefix("second_"),
    settings=dict(snakemake.params.settings),
    inputs=paths(snakemake.input),
    outputs=paths(snakemake.output),
    state=Path(snakemake.params.state) if hasattr(snakemake.params, "state") else None,
    code=snakemake.params.code,
    threads=snakemake.threads,
    events=Path(snakemake.params.events) if hasattr(snakemake.params, "events") else None,
    data_root=study.data_root,
    save_every=study.machine.save_every,
)
task = snakemake.params.stage, job, Path(snakemake.log[0])
processes = job.settings.get("machine", {}).get("processes", 1)
sys.exit(run_stage(*task) if processes == 1 else run_on_several(*task, processes))
