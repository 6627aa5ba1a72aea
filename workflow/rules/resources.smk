"""What jobs take: threads are with each rule, here are memory, minutes and GPUs."""

# Only where jobs go to other machines has Snakemake a number of nodes (`--jobs`). The executor itself
# it does not know yet while this is read: `workflow.local_exec` would be true for all.
ELSEWHERE = workflow.nodes is not None
GPU_REQUESTS = ("gpu", "gres", "gpus-per-node", "none")


def site_default(name, fallback):
    """What the profile's `default-resources` say, as it stands there."""
    value = workflow.resource_settings._parsed_default_resources.get(name)
    return fallback if value.raw is None else str(value.raw).strip("'\"")


# How a site's jobs ask for GPUs; profiles say it among their `default-resources`.
GPU_REQUEST = site_default("gpu_request", "gpu")
if GPU_REQUEST not in GPU_REQUESTS:
    raise WorkflowError(
        f"The profile's gpu_request is {GPU_REQUEST}; expected one of {', '.join(GPU_REQUESTS)}."
    )


def needs(mem_mb, runtime, gpu=0):
    """The resources of a rule. Where a profile says `retries`, each attempt has more memory and
    minutes than the one before: the first again."""

    def growing(first):
        return lambda wildcards, attempt: first * attempt

    return {"mem_mb": growing(mem_mb), "runtime": growing(runtime), **gpus(gpu)}


def gpus(number):
    """GPUs as the site wants to be asked for them: all on one node, for the one task that starts a
    process for each of them (`machine.processes`)."""
    if number == 0 or GPU_REQUEST == "none":
        return {}
    takes = {}
    if ELSEWHERE:
        # Slurm's `--gpus` alone might be those of several nodes. `tasks_per_gpu`, its plugin's
        # ntasks-per-gpu, stays unset: there is one task whatever the number of GPUs.
        takes["nodes"] = 1
        if number > 1:
            takes["cpus_per_task"] = number * STUDY.machine.threads
    if GPU_REQUEST == "gpu":
        return takes | {"gpu": number}
    if GPU_REQUEST == "gres":
        return takes | {"gres": f"gpu:{number}"}
    extra = f"{site_default('slurm_extra', '')} --gpus-per-node={number}"
    return takes | {"slurm_extra": extra.strip()}


def announce(text, gpu=0):
    """What a job says when it starts: its work, and what it takes of the machine."""
    takes = ["{threads} threads", "{resources.mem_mb} MB", "{resources.runtime} min"]
    if gpus(gpu):
        takes.append(f"{gpu} GPU")
    return f"{text} [{', '.join(takes)}]"


def has_gpu():
    """Whether this machine shows a GPU of NVIDIA or AMD; torch is not asked, it takes seconds."""
    return any(Path("/dev").glob("nvidia[0-9]*")) or Path("/dev/kfd").exists()


# Undeclared resources are unlimited. On one machine with GPUs, one job at a time has them; without,
# jobs that would take one run side by side. A cluster hands out its own.
if not ELSEWHERE and has_gpu() and "gpu" not in workflow.global_resources:
    workflow.register_resource("gpu", STUDY.machine.processes)
