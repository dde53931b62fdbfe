// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "tasks/Task.h"

#include <array>
#include <optional>
#include <string>
#include <string_view>

namespace secateur {

/// The part of a data set.
enum class TaskSplit { Test, Validation, Dev, Train };
const char *nameOf(TaskSplit split);

/// What is known of a task beside its items.
struct TaskRow {
    TaskKind kind;
    std::string_view name;  ///< lm-evaluation-harness'
    std::string_view title; ///< for people
    TaskSplit split;        ///< that results are published on
    bool hasAccNorm;
};
inline constexpr std::array kTasks = {TaskRow{TaskKind::ArcEasy, "arc_easy", "ARC-Easy", TaskSplit::Test, true},
                                      TaskRow{TaskKind::ArcChallenge, "arc_challenge", "ARC-Challenge", TaskSplit::Test, true},
                                      TaskRow{TaskKind::HellaSwag, "hellaswag", "HellaSwag", TaskSplit::Validation, true},
                                      TaskRow{TaskKind::Piqa, "piqa", "PIQA", TaskSplit::Validation, true},
                                      TaskRow{TaskKind::WinoGrande, "winogrande", "WinoGrande", TaskSplit::Validation, false},
                                      TaskRow{TaskKind::Mmlu, "mmlu", "MMLU", TaskSplit::Test, false}};
const TaskRow &rowOf(TaskKind kind);

/// The subjects of MMLU, as files call them ("us_foreign_policy"), in the order of the alphabet.
inline constexpr std::array<std::string_view, 57> kMmluSubjects = {"abstract_algebra",
                                                                   "anatomy",
                                                                   "astronomy",
                                                                   "business_ethics",
                                                                   "clinical_knowledge",
                                                                   "college_biology",
                                                                   "college_chemistry",
                                                                   "college_computer_science",
                                                                   "college_mathematics",
                                                                   "college_medicine",
                                                                   "college_physics",
                                                                   "computer_security",
                                                                   "conceptual_physics",
                                                                   "econometrics",
                                                                   "electrical_engineering",
                                                                   "elementary_mathematics",
                                                                   "formal_logic",
                                                                   "global_facts",
                                                                   "high_school_biology",
                                                                   "high_school_chemistry",
                                                                   "high_school_computer_science",
                                                                   "high_school_european_history",
                                                                   "high_school_geography",
                                                                   "high_school_government_and_politics",
                                                                   "high_school_macroeconomics",
                                                                   "high_school_mathematics",
                                                                   "high_school_microeconomics",
                                                                   "high_school_physics",
                                                                   "high_school_psychology",
                                                                   "high_school_statistics",
                                                                   "high_school_us_history",
                                                                   "high_school_world_history",
                                                                   "human_aging",
                                                                   "human_sexuality",
                                                                   "international_law",
                                                                   "jurisprudence",
                                                                   "logical_fallacies",
                                                                   "machine_learning",
                                                                   "management",
                                                                   "marketing",
                                                                   "medical_genetics",
                                                                   "miscellaneous",
                                                                   "moral_disputes",
                                                                   "moral_scenarios",
                                                                   "nutrition",
                                                                   "philosophy",
                                                                   "prehistory",
                                                                   "professional_accounting",
                                                                   "professional_law",
                                                                   "professional_medicine",
                                                                   "professional_psychology",
                                                                   "public_relations",
                                                                   "security_studies",
                                                                   "sociology",
                                                                   "us_foreign_policy",
                                                                   "virology",
                                                                   "world_religions"};

/// Whether `name` is that of a task, or of a subject ("mmlu_anatomy").
bool isTaskName(std::string_view name);
/// What people call a task or a subject: "ARC-Easy", "MMLU: anatomy".
std::string taskTitle(std::string_view name);

/// BosUse by its name on command lines and in files: "never", "tokenizer", "always".
const char *nameOf(BosUse use);
std::optional<BosUse> bosUseOf(std::string_view name);

} // namespace secateur
