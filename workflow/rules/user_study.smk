"""Pages on which people compare motions without and with realignment, or with another model's."""


rule make_user_study:
    input:
        **DATA,
        **projector_file("lead"),
        **NETWORKS,
        text=rules.encode_text.output.text,
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
        **needs(mem_mb=4000, runtime=120, gpu=1),
    params:
        **stage("lead.user_study.stimuli:make_user_study"),
        settings=settings("name", "description", "dataset", "text", "diffusion", "user_study")
        | PROTOCOL
        | projector("lead"),
    message:
        announce("The motions that realignment changes most, for people to compare.", gpu=1)
    script:
        "../scripts/stage.py"


use rule make_user_study as make_user_study_against with:
    input:
        unpack(motions),
        **rules.make_user_study.input,
        **EVALUATOR,
    output:
        page=f"{RESULTS}/user_study/{{external}}/study.html",
        key=f"{RESULTS}/user_study/{{external}}/key.json",
        changes=f"{RESULTS}/user_study/{{external}}/changes.parquet",
    log:
        f"{RESULTS}/logs/make_user_study_{{external}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/make_user_study_{{external}}.tsv"
    params:
        **stage("lead.user_study.stimuli:make_user_study"),
        settings=lambda wildcards: settings(
            "name", "description", "text", "diffusion", "user_study"
        )
        | evaluating()
        | projector("lead")
        | external(wildcards.external),
        files=lambda wildcards: state_of_files(STUDY.external[wildcards.external].path),
    message:
        announce("Motions of {wildcards.external} beside LEAD's, for people to compare.", gpu=1)
