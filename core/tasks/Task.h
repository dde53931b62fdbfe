// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace secateur {

/// The downstream tasks of the paper. Each is a row of kTasks (TaskTable).
enum class TaskKind { ArcEasy, ArcChallenge, HellaSwag, Piqa, WinoGrande, Mmlu };

/// One answer of an item, as the model meets it: two strings that are put together.
struct TaskChoice {
    std::string context;
    std::string continuation;    ///< its tokens are scored; begins with a space
    std::int64_t characters = 0; ///< Unicode code points of the answer, by which acc_norm divides
    bool operator==(const TaskChoice &) const = default;
};

struct TaskItem {
    std::int64_t index = 0; ///< place among the items of its task or subject in the file, from 0; skipped ones count
    std::vector<TaskChoice> choices;
    std::int64_t gold = 0; ///< place of the right choice
    std::int64_t line = 0; ///< of the file, from 1, where it begins; of Parquet the row
    bool operator==(const TaskItem &) const = default;
};

/// An item that cannot be asked, and why.
struct SkippedItem {
    std::int64_t line = 0; ///< TaskItem::line
    std::string reason;    ///< a sentence
    bool operator==(const SkippedItem &) const = default;
};

/// The items of one task, or of one subject of MMLU, as they were read from one file.
struct TaskSet {
    TaskKind kind = TaskKind::ArcEasy;
    std::string name; ///< lm-evaluation-harness' name: "arc_easy", "mmlu_anatomy"
    std::filesystem::path file;
    std::string fileHash; ///< SHA-256
    std::string form;     ///< of the file, for people: "Parquet of the Hugging Face Hub"
    std::vector<TaskItem> items;
    std::vector<SkippedItem> skipped;
    std::vector<std::string> notes; ///< what to know of the numbers: "capital reconstructed"
    std::string textHash;           ///< SHA-256 of all contexts and continuations in order; see textHashOf()
};

/// Whether a text begins with the token for that. Scores with and without it cannot be compared.
enum class BosUse {
    Never,     ///< as in the paper (of Gemma always)
    Tokenizer, ///< where the tokenizer puts one, as lm-evaluation-harness does since 0.4.9.2
    Always
};

/// Which items are asked, and how.
struct TaskSettings {
    std::vector<std::filesystem::path> paths; ///< files, folders of them, and names of known tasks ("arc_easy")
    std::vector<std::string> only;            ///< names of tasks; empty: all that are there. "mmlu" is every subject
    std::optional<std::int64_t> limit;        ///< of each task and subject
    std::uint64_t seed = 0;                   ///< of a sample; 0 = the first items
    BosUse bos = BosUse::Never;
    std::optional<std::int64_t> longest; ///< tokens of an input; none = the context of the model
    bool operator==(const TaskSettings &) const = default;
};

/// What the model made of one item.
struct ItemScore {
    std::string task;                   ///< TaskSet::name
    std::int64_t index = 0;             ///< TaskItem::index
    std::vector<double> logLikelihoods; ///< of each choice, nats: sums over its tokens
    bool operator==(const ItemScore &) const = default;
};

/// What a model, dense or pruned, reaches in a task, a subject, or all subjects of MMLU ("mmlu").
struct TaskResult {
    std::string name;
    double acc = 0;                  ///< share of items whose likeliest choice is right
    std::optional<double> accStderr; ///< none for one item
    std::optional<double> accNorm;   ///< the same, likelihoods divided by the characters; not of WinoGrande and MMLU
    std::optional<double> accNormStderr;
    std::int64_t items = 0, skipped = 0;
    std::int64_t subjects = 0; ///< of "mmlu": how many of 57; else 0
    std::string textHash;      ///< of what was asked: equal hashes with equal settings can be compared
    bool operator==(const TaskResult &) const = default;
};

/// All tasks that were asked of one model in one go.
struct TaskResults {
    std::vector<TaskResult> tasks; ///< as they were read; subjects of MMLU before "mmlu"
    std::optional<std::int64_t> limit;
    std::uint64_t seed = 0;
    BosUse bos = BosUse::Never;
    std::int64_t longest = 0; ///< tokens of an input
    std::string hash;         ///< SHA-256 of what was asked and how: of all that must be equal for numbers to be comparable
    bool operator==(const TaskResults &) const = default;
};

} // namespace secateur
