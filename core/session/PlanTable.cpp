// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/PlanTable.h"

#include "comparison/ComparisonRows.h"
#include "foundation/Error.h"
#include "session/Measurements.h"

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

namespace secateur {
namespace {

/// What must be equal for accuracies in a task to be comparable.
using AskedTask = std::tuple<std::string, BosUse, std::int64_t>; // its texts, how they begin, how long inputs may be

AskedTask askedOf(const TaskResults &all, const TaskResult &one)
{
    return {one.textHash, all.bos, all.longest};
}

class TableMaker {
public:
    explicit TableMaker(const Session &session) : s(session), m_dense(session.model->spec) {}

    PlanTable make()
    {
        m_cacheType = cacheType();
        listTexts();
        listTasks();
        m_table.rows.push_back({.row = rowOf(m_dense, nullptr, m_cacheType), .name = {}, .draft = {}, .isCurrent = false, .differs = {}});
        if (s.draft.hasNeurons())
            addDraft(s.draft, {}, true);
        for (const PinnedPlan &pin : s.pinned)
            addDraft(pin.draft, pin.name);
        for (const auto &[key, shelf] : s.plans)
            addDraft({.balance = shelf->plan.settings, .search = shelf->plan.search.settings, .plan = key},
                     shelf->file.filename().string());
        for (const Measurement &measured : s.measurements)
            if (!measured.planHash.empty() && measured.what != Measured::Pruning)
                addMeasured(measured);
        for (PlanTableRow &row : m_table.rows)
            fill(row);
        std::stable_sort(m_table.rows.begin() + 1, m_table.rows.end(), [](const PlanTableRow &one, const PlanTableRow &other) {
            return std::tie(one.row.method, one.row.sparsityLayers) < std::tie(other.row.method, other.row.sparsityLayers);
        });
        std::vector<const ComparisonRow *> rows;
        for (const PlanTableRow &row : m_table.rows)
            rows.push_back(&row.row);
        m_table.tasks = taskNamesForPeople(rows);
        return std::move(m_table);
    }

private:
    /// The type that the original was computed in the last, or else is stored in.
    DType cacheType() const
    {
        DType type = s.model->storedDtype;
        for (const Measurement &measured : s.measurements)
            if (measured.planHash.empty() && measured.computed.isKnown())
                type = dtypeFromConfigName(measured.computed.dtype);
        return type;
    }

    void listTexts()
    {
        for (const Measurement &measured : s.measurements) {
            const Evaluation &result = measured.result;
            const auto isIt = [&](const MeasuredText &text) { return text.tokenHash == result.tokenHash && text.length == result.length; };
            if (measured.what == Measured::Perplexity && std::ranges::none_of(m_table.texts, isIt))
                m_table.texts.push_back(
                    {.name = textName(measured.text), .tokenHash = result.tokenHash, .length = result.length, .windows = result.windows});
        }
    }

    /// Of each task what was asked of the original the last, or of any plan where it was not asked of the original.
    void listTasks()
    {
        for (const bool isOfOriginal : {false, true})
            for (const Measurement &measured : s.measurements)
                if (measured.tasks && (!isOfOriginal || measured.planHash.empty()))
                    for (const TaskResult &task : measured.tasks->tasks)
                        m_asked[task.name] = askedOf(*measured.tasks, task);
    }

    /// The row of that plan, by what it makes of the model and how it was found: the new one at the end where there is none yet.
    PlanTableRow &rowOfPlan(ComparisonRow row)
    {
        const auto known = std::ranges::find_if(m_table.rows, [&](const PlanTableRow &other) {
            return !row.planHash.empty() && other.row.planHash == row.planHash && other.row.method == row.method;
        });
        if (known != m_table.rows.end())
            return *known;
        m_table.rows.push_back({.row = std::move(row), .name = {}, .draft = {}, .isCurrent = false, .differs = {}});
        return m_table.rows.back();
    }

    void addDraft(const PlanDraft &draft, const std::string &name, bool isCurrent = false)
    {
        ComparisonRow row;
        try {
            const PruningPlan plan = planOf(s, draft);
            row = rowOf(m_dense, &plan, m_cacheType);
            if (!plan.isComplete()) {
                row.planHash.clear(); // of a plan that is not the one that is meant
                row.problem = "Its search is not finished.";
                setSizes(row, m_dense, specOf(s, draft), m_cacheType);
            }
        } catch (const Error &) { // one that cannot be had: nothing is known of it
            return;
        }
        if (row.planHash.empty()) {
            const auto known = std::ranges::find_if(m_table.rows, [&](const PlanTableRow &other) { return other.draft == draft; });
            if (known != m_table.rows.end()) {
                describe(*known, draft, name, isCurrent);
                return;
            }
        }
        describe(rowOfPlan(std::move(row)), draft, name, isCurrent);
    }

    static void describe(PlanTableRow &row, const PlanDraft &draft, const std::string &name, bool isCurrent)
    {
        if (row.name.empty())
            row.name = name;
        if (!row.draft)
            row.draft = draft;
        row.isCurrent = row.isCurrent || isCurrent;
    }

    /// A plan of which only measurements may be left.
    void addMeasured(const Measurement &measured)
    {
        const auto isKnown = [&] {
            return std::ranges::any_of(m_table.rows, [&](const PlanTableRow &row) { return row.row.planHash == measured.planHash; });
        };
        if (isKnown())
            return;
        if (measured.draft && makes(*measured.draft, measured.planHash)) {
            addDraft(*measured.draft, {});
            return;
        }
        ComparisonRow row;
        row.method = PlanMethod::TwoSsp;
        if (measured.draft)
            row.sparsity = measured.draft->balance.sparsity;
        row.planHash = measured.planHash;
        row.neuronsKept = measured.neuronsKept;
        if (measured.neuronsKept > 0) // else its layers differ, and how is not known
            setSizes(row, m_dense,
                     prunedSpec(m_dense, std::vector<std::int64_t>(m_dense.layers.size(), measured.neuronsKept), measured.removed),
                     m_cacheType);
        else
            row.problem = "Only its measurements are left.";
        rowOfPlan(std::move(row));
    }

    bool makes(const PlanDraft &draft, const std::string &hash) const
    {
        try {
            return planOf(s, draft).hash() == hash;
        } catch (const Error &) {
            return false;
        }
    }

    /// The latest measurement of a plan that fits, rather one that was computed as that of the original was. `original`: null for none.
    template <class Fits>
    const Measurement *find(const std::string &planHash, const Measurement *original, const Fits &fits) const
    {
        const Measurement *alike = nullptr, *latest = nullptr;
        for (const Measurement &measured : s.measurements)
            if (measured.planHash == planHash && fits(measured)) {
                latest = &measured;
                if (original && areComputedAlike(measured, *original))
                    alike = &measured;
            }
        return alike ? alike : latest;
    }

    /// The same for a row, and notes where it was computed otherwise than that of the original.
    template <class Fits>
    const Measurement *findFor(PlanTableRow &row, const Fits &fits)
    {
        const Measurement *original = find({}, nullptr, fits);
        if (!row.row.method)
            return original;
        const Measurement *found = row.row.planHash.empty() ? nullptr : find(row.row.planHash, original, fits);
        if (found && original && row.differs.empty())
            if (const ConditionDifference difference = differenceOf(found->computed, original->computed); !difference.isNone())
                row.differs = "computed " + difference.one + ", those of the original " + difference.other;
        return found;
    }

    void fill(PlanTableRow &row)
    {
        ComparisonRow &filled = row.row;
        for (const MeasuredText &text : m_table.texts) {
            const Measurement *found = findFor(row, [&](const Measurement &measured) {
                return measured.what == Measured::Perplexity && measured.result.tokenHash == text.tokenHash &&
                       measured.result.length == text.length;
            });
            filled.evaluations.push_back(found ? std::optional(found->result) : std::nullopt);
        }
        fillTasks(row);
        if (const Measurement *found = findFor(row, [](const Measurement &measured) { return measured.what == Measured::Throughput; }))
            filled.throughput = found->throughput;
        if (!filled.planHash.empty())
            if (const Measurement *found =
                    find(filled.planHash, nullptr, [](const Measurement &measured) { return measured.what == Measured::Pruning; });
                found && !filled.pruningSeconds) {
                filled.pruningSeconds = found->seconds;
                filled.windowsForwarded = found->windowsForwarded;
            }
    }

    void fillTasks(PlanTableRow &row)
    {
        for (const auto &[name, asked] : m_asked) {
            const auto resultIn = [&name = name, &asked = asked](const Measurement &measured) -> const TaskResult * {
                if (measured.tasks)
                    for (const TaskResult &task : measured.tasks->tasks)
                        if (task.name == name && askedOf(*measured.tasks, task) == asked)
                            return &task;
                return nullptr;
            };
            const Measurement *found = findFor(row, [&](const Measurement &measured) { return resultIn(measured) != nullptr; });
            if (!found)
                continue;
            if (!row.row.tasks) {
                row.row.tasks = *found->tasks;
                row.row.tasks->tasks.clear();
            }
            row.row.tasks->tasks.push_back(*resultIn(*found));
        }
    }

    const Session &s;
    const ModelSpec &m_dense;
    DType m_cacheType = DType::Float32;
    std::map<std::string, AskedTask> m_asked; ///< by the task's name
    PlanTable m_table;
};

} // namespace

PlanTable planTable(const Session &session)
{
    return session.model ? TableMaker(session).make() : PlanTable();
}

} // namespace secateur
