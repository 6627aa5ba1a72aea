"""Every caption through the frozen text encoder, once."""


rule encode_text:
    input:
        index=DATA["index"],
    output:
        text=f"{RESULTS}/text/text.safetensors",
    params:
        stage="lead.text.stages:encode_text",
        settings=settings("text"),
        code=code("lead.text.stages:encode_text"),
    log:
        f"{RESULTS}/logs/encode_text.log",
    benchmark:
        f"{RESULTS}/benchmarks/encode_text.tsv"
    threads: STUDY.machine.threads
    resources:
        mem_mb=4000,
        runtime=60,
    message:
        announce("Captions to text embeddings ({params.settings[text][kind]}).")
    script:
        "../scripts/stage.py"
