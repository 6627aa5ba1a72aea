"""A page on which people compare motions without and with realignment."""


rule make_user_study:
    input:
        **DATA,
        **projector_file("lead"),
        text=rules.encode_text.output.text,
        vae=NETWORKS["vae"],
        denoiser=NETWORKS["denoiser"],
    output:
        page=f"{RESULTS}/user_study/study.html",
        key=f"{RESULTS}/user_study/key.json",
        changes=f"{RESULTS}/user_study/changes.parquet",
    log:
        f"{RESULTS}/logs/make_user_study.log",
    benchmark:
        f"{RESULTS}/benchmarks/make_user_study.tsv"
    threads: STUDY.machine.threads
    resources:
        mem_mb=4000,
        runtime=120,
        gpu=1,
    params:
        **stage("lead.user_study.stimuli:make_user_study"),
        settings=settings("name", "description", "dataset", "text", "diffusion", "user_study")
        | PROTOCOL
        | projector("lead"),
    message:
        announce("The motions that realignment changes most, for people to compare.", gpu=True)
    script:
        "../scripts/stage.py"
