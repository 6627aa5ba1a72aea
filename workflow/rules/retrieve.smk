"""Free raw data, only where asked for: `snakemake retrieve`."""


localrules:
    retrieve,


rule retrieve:
    resources:
        **needs(mem_mb=1000, runtime=240),
    params:
        study=STUDY.name,
        data_root=str(STUDY.data_root),
    message:
        announce("Downloading what the study lacks and what is free.")
    shell:
        "lead retrieve --study {params.study} --data-root {params.data_root:q}"
