"""Every caption through the frozen text encoder, and where the evaluator wants it word by word."""

from lead.config.evaluators import words_of


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
        **needs(mem_mb=4000, runtime=60),
    params:
        **stage("lead.text.stages:encode_text"),
        settings=settings("text"),
    message:
        announce("Captions to text embeddings ({params.settings[text][kind]}).")
    script:
        "../scripts/stage.py"


# What evaluators that read words take beside a study's other texts; all read the same.
READING = words_of(STUDY.every_evaluator)
WORDS = {"words": f"{RESULTS}/text/words.safetensors"}

if READING:

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
            **needs(mem_mb=2000, runtime=60),
        params:
            **stage("lead.text.stages:encode_words"),
            settings=settings() | {"evaluator": READING[0].model_dump(mode="json")},
        message:
            announce("Captions to word vectors and parts of speech.")
        script:
            "../scripts/stage.py"
