"""The stages of the study that fills Table 2, as far as its metrics: a module with a study of
its own, whose rules are those of any study."""


include: "common.smk"
include: "resources.smk"
include: "data.smk"
include: "text.smk"
include: "train.smk"
include: "checkpoint.smk"
include: "evaluate.smk"
