"""Every caption through the frozen text encoder, and where the evaluator wants it word by word."""


rule encode_text:
    input:
        index=DATA["index"],
    output:
        text=f"{RESULTS}/text/text.safetensors",
    log:
        f"{RESULTS}/logs/encode_text.log",
    benchmark:
        f"{RESULTS}/benchmarks/encode_text.tsv"
    threads: STUDY.machine.threads
    resources:
        mem_mb=4000,
        runtime=60,
    params:
        **stage("lead.text.stages:encode_text"),
        settings=settings("text"),
    message:
        announce("Captions to text embeddings ({params.settings[text][kind]}).")
    script:
        "../scripts/stage.py"


# What an evaluator that reads words takes beside a study's other texts.
WORDS = {}

if STUDY.evaluator.words == "glove":
    WORDS = {"words": f"{RESULTS}/text/words.safetensors"}

    rule encode_words:
        input:
            index=DATA["index"],
        output:
            **WORDS,
        log:
            f"{RESULTS}/logs/encode_words.log",
        benchmark:
            f"{RESULTS}/benchmarks/encode_words.tsv"
        # Missing tags or files are told before anything is trained.
        priority: 1
        threads: 1
        resources:
            mem_mb=2000,
            runtime=60,
        params:
            **stage("lead.text.stages:encode_words"),
            settings=settings("evaluator"),
        message:
            announce("Captions to word vectors and parts of speech.")
        script:
            "../scripts/stage.py"
