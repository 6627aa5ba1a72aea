"""A Slurm of one node that a test starts and ends: munged, slurmctld and slurmd in a folder."""

from __future__ import annotations

import getpass
import os
import secrets
import shlex
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "srun", "squeue", "scancel", "scontrol")
# Debian puts daemons where the PATH of a user does not lead.
SEARCHED = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
CPUS, GPUS, MEMORY = 8, 4, 64000

CONFIGURATION = """
ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={controller_port}
SlurmdPort={node_port}
SlurmUser={user}
SlurmdUser={user}
AuthInfo=socket={folder}/munge/socket
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
# Neither cgroups nor a database, which a container lacks; memory is watched all the same.
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=task=1
JobAcctGatherParams=OverMemoryKill
AccountingStorageType=accounting_storage/none
JobCompType=jobcomp/filetxt
JobCompLoc={folder}/jobs.txt
SwitchType=switch/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
SchedulerParameters=sched_interval=1,batch_sched_delay=0,bf_interval=1,requeue_delay=0
SlurmdParameters=config_overrides
ReturnToService=2
KillWait=10
MinJobAge=600
GresTypes=gpu
NodeName={host} NodeAddr=127.0.0.1 CPUs={cpus} RealMemory={memory} Gres=gpu:{gpus} State=UNKNOWN
PartitionName=main Nodes={host} Default=YES MaxTime=INFINITE State=UP
"""


@dataclass(frozen=True)
class Submitted:
    """A job: its number, state and memory, and the comment that Snakemake gives it."""

    number: str
    state: str
    memory: str
    comment: str

    @property
    def rule(self) -> str:
        """The rule whose job it is."""
        return self.comment.removeprefix("rule_").partition("_wildcards_")[0]


class SlurmCluster:
    """The cluster; `environment` is what a program needs to find it."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.environment = {**os.environ, "PATH": f"{folder}/bin:{SEARCHED}"}
        self.environment["SLURM_CONF"] = f"{folder}/slurm.conf"
        self._daemons: list[subprocess.Popen[bytes]] = []

    def start(self) -> None:
        """Configure and start all three, and wait until the node takes jobs."""
        for name in ("munge", "state", "spool", "bin", "gpus"):
            (self.folder / name).mkdir(parents=True, mode=0o755)
        key = self.folder / "munge" / "key"
        key.touch(mode=0o600)
        key.write_bytes(secrets.token_bytes(1024))
        host = socket.gethostname().split(".")[0]
        lines = []
        for number in range(GPUS):
            # Slurm hands out devices; whether they are GPUs it does not ask.
            device = self.folder / "gpus" / f"nvidia{number}"
            device.symlink_to("/dev/null")
            lines.append(f"NodeName={host} Name=gpu File={device}\n")
        (self.folder / "gres.conf").write_text("".join(lines))
        (self.folder / "slurm.conf").write_text(
            CONFIGURATION.format(
                host=host,
                folder=self.folder,
                user=getpass.getuser(),
                controller_port=_free_port(),
                node_port=_free_port(),
                cpus=CPUS,
                gpus=GPUS,
                memory=MEMORY,
            )
        )
        # Snakemake's plugin takes SLURM_CONF from the environment in which it calls srun.
        srun = self.folder / "bin" / "srun"
        real = shlex.quote(str(shutil.which("srun", path=SEARCHED)))
        configuration = shlex.quote(self.environment["SLURM_CONF"])
        srun.write_text(f'#!/bin/sh\nSLURM_CONF={configuration} exec {real} "$@"\n')
        srun.chmod(0o755)
        munge = self.folder / "munge"
        self._run("munged", "--foreground", "--force", f"--key-file={key}",
                  f"--socket={munge}/socket", f"--pid-file={munge}/pid",
                  f"--log-file={munge}/log", f"--seed-file={munge}/seed")  # fmt: skip
        self._wait("munge", lambda: (munge / "socket").exists())
        self._run("slurmctld", "-D")
        self._run("slurmd", "-D", "-N", host)
        self._wait("slurm", lambda: "idle" in self.ask("sinfo", "--noheader", "--format=%T"))

    def ask(self, *command: str) -> str:
        """What one of Slurm's commands says; empty where it fails."""
        run = subprocess.run(
            command, env=self.environment, capture_output=True, text=True, check=False, timeout=30
        )
        return run.stdout

    def jobs(self) -> list[Submitted]:
        """Every job that is known, in the order of their numbers."""
        rows = self.ask("squeue", "--all", "--states=all", "--noheader", "--format=%i|%T|%m|%k")
        found = [Submitted(*row.split("|")) for row in rows.splitlines()]
        return sorted(found, key=lambda job: int(job.number))

    def clear(self) -> None:
        """End all jobs at once."""
        self.ask("scancel", "--signal=KILL", "--full", f"--user={getpass.getuser()}")
        self.ask("scancel", f"--user={getpass.getuser()}")

    def stop(self) -> None:
        """End all jobs, then the daemons that were started here."""
        if len(self._daemons) == 3:
            self.clear()
        for daemon in reversed(self._daemons):
            daemon.send_signal(signal.SIGTERM)
        for daemon in reversed(self._daemons):
            try:
                daemon.wait(timeout=10)
            except subprocess.TimeoutExpired:
                daemon.kill()
                daemon.wait()

    def _run(self, program: str, *arguments: str) -> None:
        with (self.folder / f"{program}.out").open("wb") as out:
            command = [str(shutil.which(program, path=SEARCHED)), *arguments]
            self._daemons.append(
                subprocess.Popen(command, env=self.environment, stdout=out, stderr=out)
            )

    def _wait(self, what: str, ready: Callable[[], bool]) -> None:
        until = time.monotonic() + 30
        while not ready():
            if time.monotonic() > until or any(d.poll() is not None for d in self._daemons):
                said = "".join(p.read_text()[-600:] for p in self.folder.glob("*.out"))
                raise RuntimeError(f"{what} did not start: {said}")
            time.sleep(0.2)


def start_cluster(folder: Path) -> SlurmCluster:
    """A running cluster; the test is skipped, with the reason, where there can be none."""
    absent = [name for name in PROGRAMS if shutil.which(name, path=SEARCHED) is None]
    if absent:
        packages = "slurmctld slurmd slurm-client munge"
        pytest.skip(f"no Slurm here: {', '.join(absent)} (apt-get install {packages})")
    pytest.importorskip("snakemake_executor_plugin_slurm", reason="its plugin is not installed")
    cluster = SlurmCluster(folder)
    try:
        cluster.start()
    except (RuntimeError, OSError) as error:
        cluster.stop()
        pytest.skip(f"no Slurm could be started here: {error}")
    return cluster


def _free_port() -> int:
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        return asked.getsockname()[1]
