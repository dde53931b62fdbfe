// SPDX-License-Identifier: GPL-3.0-or-later
#include "tasks/TaskReading.h"

#include "foundation/Error.h"
#include "foundation/InputFile.h"
#include "foundation/Sha256.h"
#include "foundation/Wording.h"
#include "tasks/TaskFiles.h"
#include "tasks/TaskPaths.h"

#include <algorithm>
#include <map>
#include <utility>

namespace secateur {
namespace {

/// Why a file holds no task: a sentence.
std::string lackOf(const std::filesystem::path &file, const TableFile &table)
{
    if (!table.hasColumns())
        return inQuotes(file.string()) + " has no header with the columns of a task.";
    std::vector<std::string> names;
    for (const std::string &column : table.columns())
        names.push_back(inQuotes(column));
    const std::string nearest = nearestForm(table);
    return inQuotes(file.string()) + " has " + (names.empty() ? "no columns" : "the columns " + listed(names)) +
           (nearest.empty() ? ", which are those of no task" : "; " + nearest) + ".";
}

std::vector<std::string> columnsToRead(const TaskForm &form)
{
    std::vector<std::string> columns(form.columns.begin(), form.columns.end());
    columns.insert(columns.end(), form.optional.begin(), form.optional.end());
    return columns;
}

/// Whether a row of six fields ends as the original's do.
bool endsInLetter(const nlohmann::json &fields)
{
    const std::string letter = fields.is_array() && !fields.empty() ? fields.back().get<std::string>() : std::string();
    return letter.size() == 1 && letter[0] >= 'A' && letter[0] <= 'D';
}

/// Which of its form's tasks a file holds.
TaskKind kindOf(const std::filesystem::path &file, const TaskForm &form, const nlohmann::json &first, std::optional<TaskKind> arc)
{
    if (form.kinds.size() == 1)
        return form.kinds.front();
    const auto choices = first.find("choices");
    const bool isPair = choices != first.end() && choices->is_array() && choices->size() == 2;
    if (isPair && std::ranges::find(form.kinds, TaskKind::Piqa) != form.kinds.end())
        return TaskKind::Piqa; // ARC has three answers or more
    if (const auto kind = arcOf(file))
        return *kind;
    if (!arc)
        throw Error(inQuotes(file.string()) + " holds questions of ARC, and neither its name nor its folder says which.",
                    "Name it arc_easy or arc_challenge, or ask for one of the two (--only arc_easy).");
    return *arc;
}

/// The list of labels that lies beside some original files: "valid-labels.lst" of "valid.jsonl".
std::filesystem::path labelsOf(std::filesystem::path file)
{
    const std::filesystem::path ending = file.extension();
    if (ending == ".gz" || ending == ".zst" || ending == ".xz" || ending == ".bz2")
        file.replace_extension();
    return file.replace_extension() += "-labels.lst";
}

std::vector<std::string> readLabels(const std::filesystem::path &file)
{
    constexpr std::uint64_t kLargest = std::uint64_t(64) << 20;
    const std::string text = readWholeFile(file, kLargest, "It should hold a label a line.");
    std::vector<std::string> labels;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = std::min(text.find_first_of("\r\n", at), text.size());
        if (end > at)
            labels.push_back(text.substr(at, end - at));
        at = end + 1;
    }
    return labels;
}

/// Reads the rows of a file into sets.
class Reading {
public:
    Reading(const TaskSource &source, const TextLimits &limits) : m_source(source), m_table(source.file, taskHeadings(), limits)
    {
        const auto &columns = m_table.columns();
        const bool isPiqa = source.kind == TaskKind::Piqa && std::ranges::find(source.form->columns, "goal") != source.form->columns.end();
        if (isPiqa && std::ranges::find(columns, "label") == columns.end())
            openLabels();
        m_table.choose(columnsToRead(*source.form));
    }

    std::vector<TaskSet> sets(const JobContext &context)
    {
        while (auto row = m_table.next()) {
            context.check();
            add(*row);
        }
        if (m_labels && m_rows != m_labels->size())
            throw Error(inQuotes(labelsOf(m_source.file).string()) + " has " + counted(std::int64_t(m_labels->size()), "label") + " for " +
                            counted(std::int64_t(m_rows), "item") + ".",
                        "One of the two files is cut off or of another split; fetch them again.");
        return finished();
    }

private:
    void openLabels()
    {
        const std::filesystem::path file = labelsOf(m_source.file);
        if (!doesExist(file))
            throw Error(inQuotes(m_source.file.string()) + " has no labels: there is no column 'label', and no file " +
                            inQuotes(file.filename().string()) + " beside it.",
                        "Put the list of labels there, or give the form of the Hugging Face Hub.");
        m_labels = readLabels(file);
    }

    void add(TableRow &row)
    {
        ++m_rows;
        TaskSet *set = nullptr;
        try {
            std::string subject = m_source.kind == TaskKind::Mmlu ? subjectOfRow(row.fields) : std::string();
            if (subject.empty())
                subject = m_source.subject;
            if (m_source.kind == TaskKind::Mmlu && subject.empty()) {
                m_nameless += row.problem.empty() ? 1 : 0;
                throw UnusableRow(row.problem.empty() ? "Nothing says of which subject it is." : row.problem);
            }
            set = &setOf(subject);
            const std::int64_t index = m_counts[set->name]++;
            if (!row.problem.empty())
                throw UnusableRow(row.problem);
            if (m_labels && m_rows <= m_labels->size())
                row.fields["label"] = (*m_labels)[m_rows - 1];
            RowItem item = m_source.form->read(row.fields, subject);
            if (std::ranges::any_of(item.choices, [](const TaskChoice &choice) { return choice.characters == 0; }))
                throw UnusableRow("An answer is empty.");
            m_isReconstructed = m_isReconstructed || item.isReconstructed;
            set->items.push_back({index, std::move(item.choices), item.gold, row.line});
        } catch (const UnusableRow &problem) {
            m_unlabelled += dynamic_cast<const UnlabelledRow *>(&problem) ? 1 : 0;
            (set ? set->skipped : m_unplaced).push_back({row.line, problem.what()});
        }
    }

    TaskSet &setOf(const std::string &subject)
    {
        TaskSet &set = m_sets[subject];
        set.name = subject.empty() ? std::string(rowOf(m_source.kind).name) : mmluName(subject);
        return set;
    }

    std::vector<TaskSet> finished()
    {
        if (m_sets.empty() && m_nameless > 0)
            throw Error(inQuotes(m_source.file.string()) + " holds questions of MMLU, and does not say of which subject.",
                        "Name it by its subject, as in anatomy_test.csv.");
        std::vector<TaskSet> sets;
        const std::string hash = Sha256::ofFile(m_source.file);
        for (auto &[subject, set] : m_sets) {
            if (sets.empty())
                set.skipped.insert(set.skipped.end(), m_unplaced.begin(), m_unplaced.end());
            checkUsable(set);
            set.kind = m_source.kind;
            set.file = m_source.file;
            set.fileHash = hash;
            set.textHash = textHashOf(set.items);
            const bool isOfHub = m_table.kind() == "Parquet" && m_source.form->origin == "of the original";
            set.form = m_table.kind() + " " + std::string(isOfHub ? "of the Hugging Face Hub" : m_source.form->origin);
            addNotes(set);
            sets.push_back(std::move(set));
        }
        if (sets.empty())
            refuse(m_unplaced);
        return sets;
    }

    void addNotes(TaskSet &set) const
    {
        const TaskSplit wanted = rowOf(m_source.kind).split;
        const bool isWanted = !m_source.split || *m_source.split == wanted ||
                              (m_source.split == TaskSplit::Dev && wanted == TaskSplit::Validation); // as the originals call it
        if (!isWanted)
            set.notes.push_back("These are items of the " + std::string(nameOf(*m_source.split)) + " split; results are published on the " +
                                nameOf(wanted) + " split.");
        if (m_isReconstructed)
            set.notes.push_back("Capital reconstructed: this form has lost that of sentences which a context only begins.");
        if (m_source.form->note)
            set.notes.emplace_back(m_source.form->note);
    }

    void checkUsable(const TaskSet &set) const
    {
        if (set.items.empty())
            refuse(set.skipped);
    }

    [[noreturn]] void refuse(const std::vector<SkippedItem> &skipped) const
    {
        const std::string name = inQuotes(m_source.file.string());
        if (skipped.empty())
            throw Error(name + " has no items.", "The file may be cut off; fetch it again.");
        if (m_unlabelled == m_rows)
            throw Error(name + " is a test split, no labels: its right answers are not told.",
                        "Give the " + std::string(nameOf(rowOf(m_source.kind).split)) + " split.");
        const SkippedItem &first = skipped.front();
        throw Error(name + " has no usable item; the first is on line " + std::to_string(first.line) + ": " + first.reason,
                    "The file should be one of: " + knownForms() + ".");
    }

    const TaskSource &m_source;
    TableFile m_table;
    std::optional<std::vector<std::string>> m_labels;
    std::size_t m_rows = 0, m_unlabelled = 0, m_nameless = 0;
    bool m_isReconstructed = false;
    std::map<std::string, TaskSet> m_sets; ///< by subject
    std::map<std::string, std::int64_t> m_counts;
    std::vector<SkippedItem> m_unplaced; ///< of which not even the subject is known
};

} // namespace

std::string mmluName(const std::string &subject)
{
    return "mmlu_" + subject;
}

std::string TaskSource::name() const
{
    return kind == TaskKind::Mmlu && !subject.empty() ? mmluName(subject) : std::string(rowOf(kind).name);
}

std::optional<TaskSource> sourceOf(const std::filesystem::path &file, std::optional<TaskKind> arc, const TextLimits &limits,
                                   std::string &lacks)
{
    TableFile table(file, taskHeadings(), limits);
    const TaskForm *form = formOf(table);
    std::optional<TableRow> first;
    if (form) {
        table.choose(columnsToRead(*form));
        first = table.next();
    }
    if (!form || (!form->hasHeader && first && !endsInLetter(first->fields))) {
        lacks = lackOf(file, table);
        return {};
    }
    TaskSource source{.file = file, .form = form, .split = splitOf(file), .subject = {}};
    source.kind = kindOf(file, *form, first ? first->fields : nlohmann::json::object(), arc);
    if (source.kind == TaskKind::Mmlu)
        source.subject = mmluSubjectOf(file);
    return source;
}

std::vector<TaskSet> readSets(const TaskSource &source, const TextLimits &limits, const JobContext &context)
{
    return Reading(source, limits).sets(context);
}

} // namespace secateur
