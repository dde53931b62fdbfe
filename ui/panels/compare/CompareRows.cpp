// SPDX-License-Identifier: GPL-3.0-or-later
#include "panels/compare/CompareRows.h"

#include "checkpoint/ModelName.h"
#include "comparison/ComparisonRows.h"
#include "foundation/Error.h"
#include "session/SessionStore.h"
#include "widgets/Quantity.h"

#include <QCoreApplication>
#include <QFileInfo>

#include <algorithm>
#include <string>
#include <utility>

namespace secateur::ui {
namespace {

struct Words {
    Q_DECLARE_TR_FUNCTIONS(secateur::ui::CompareRows)
};

std::size_t placeOf(std::vector<MeasuredText> &texts, const MeasuredText &text)
{
    const auto known = std::ranges::find_if(
        texts, [&](const MeasuredText &other) { return other.tokenHash == text.tokenHash && other.length == text.length; });
    const auto place = std::size_t(known - texts.begin());
    if (known == texts.end())
        texts.push_back(text);
    return place;
}

/// Of texts with one name each says how it was cut, or else which it is.
void tellApart(std::vector<MeasuredText> &texts)
{
    const auto add = [&](const auto &what) {
        const std::vector<MeasuredText> before = texts;
        for (MeasuredText &text : texts)
            if (std::ranges::count(before, text.name, &MeasuredText::name) > 1)
                text.name += ", " + what(text);
    };
    add([](const MeasuredText &text) { return std::to_string(text.windows) + " × " + std::to_string(text.length); });
    add([](const MeasuredText &text) { return text.tokenHash.substr(0, 8); });
}

/// Whether both rows were asked the same in that task, so that their accuracies can be compared.
bool areAskedAlike(const ComparisonRow &one, const ComparisonRow &other, const std::string &name)
{
    return secateur::taskOf(one, name)->textHash == secateur::taskOf(other, name)->textHash && one.tasks->bos == other.tasks->bos &&
           one.tasks->longest == other.tasks->longest;
}

void markOtherItems(CompareRows &all)
{
    for (const std::string &task : all.tasks) {
        const ComparisonRow *first = nullptr;
        for (CompareRow &row : all.rows) {
            if (!secateur::taskOf(row.plan.row, task))
                continue;
            if (!first)
                first = &row.plan.row;
            else if (row.plan.differs.empty() && !areAskedAlike(*first, row.plan.row, task))
                row.plan.differs = Words::tr("asked other items of %1").arg(QString::fromStdString(task)).toStdString();
        }
    }
}

} // namespace

ComparedSession comparedSession(const QString &file, std::shared_ptr<const Session> session)
{
    ComparedSession made{.file = file, .session = std::move(session)};
    made.table = planTable(*made.session);
    return made;
}

ComparedSession readCompared(const QString &file)
{
    ComparedSession read = comparedSession(file, std::make_shared<const Session>(loadSession(file.toStdString())));
    if (!read.session->model)
        throw Error("'" + file.toStdString() + "' has no model, so there are no plans to compare.", "Choose another session.");
    return read;
}

const TaskResult *CompareRows::taskOf(std::size_t row, std::size_t task) const
{
    return secateur::taskOf(rows[row].plan.row, tasks[task]);
}

std::string CompareRows::keyOf(std::size_t row) const
{
    const PlanTableRow &plan = rows[row].plan;
    const std::string method = plan.row.method ? secateur::nameOf(*plan.row.method) : "original";
    return sessions[rows[row].session].file.toStdString() + '\n' + method + '\n' +
           (plan.row.planHash.empty() ? plan.name + ' ' + std::to_string(plan.row.sparsity) : plan.row.planHash);
}

CompareRows together(std::vector<ComparedSession> sessions)
{
    CompareRows all;
    for (std::size_t i = 0; i < sessions.size(); ++i) {
        const PlanTable &table = sessions[i].table;
        std::vector<std::size_t> places;
        for (const MeasuredText &text : table.texts)
            places.push_back(placeOf(all.texts, text));
        for (const std::string &task : table.tasks)
            if (std::ranges::find(all.tasks, task) == all.tasks.end())
                all.tasks.push_back(task);
        for (const PlanTableRow &plan : table.rows) {
            CompareRow row{.plan = plan, .session = i};
            row.plan.row.evaluations.assign(all.texts.size(), {});
            for (std::size_t text = 0; text < std::min(places.size(), plan.row.evaluations.size()); ++text)
                row.plan.row.evaluations[places[text]] = plan.row.evaluations[text];
            row.plan.isCurrent = plan.isCurrent && i == 0;
            all.rows.push_back(std::move(row));
        }
    }
    for (CompareRow &row : all.rows)
        row.plan.row.evaluations.resize(all.texts.size());
    all.sessions = std::move(sessions);
    tellApart(all.texts);
    markOtherItems(all);
    return all;
}

QString planName(const CompareRow &row)
{
    const ComparisonRow &values = row.plan.row;
    if (!values.method)
        return Words::tr("original");
    if (!row.plan.name.empty())
        return QString::fromStdString(row.plan.name);
    const QString size = values.sparsity > 0 ? targetText(values.sparsity) : percentText(values.sparsityLayers);
    return Words::tr("%1, %2", "method and size").arg(methodName(values), size);
}

QString methodName(const ComparisonRow &row)
{
    return row.method ? QString::fromUtf8(titleOf(*row.method)) : QString();
}

QString removedText(const ComparisonRow &row)
{
    if (!row.method || row.layerParameters == 0)
        return {};
    if (*row.method == PlanMethod::Restored && row.neuronsKept == 0)
        return Words::tr("N = %1, widths per layer").arg(exactText(row.attentionsRemoved));
    if (*row.method == PlanMethod::TwoSsp || *row.method == PlanMethod::Restored)
        return Words::tr("N = %1, K = %2").arg(exactText(row.attentionsRemoved), exactText(row.neuronsKept));
    if (*row.method == PlanMethod::ShortGpt || *row.method == PlanMethod::Window) // whole layers go
        return row.ffnsRemoved == 1 ? Words::tr("1 layer") : Words::tr("%1 layers").arg(exactText(row.ffnsRemoved));
    const QString attentions =
        row.attentionsRemoved == 1 ? Words::tr("1 attention") : Words::tr("%1 attentions").arg(exactText(row.attentionsRemoved));
    const QString ffns = row.ffnsRemoved == 1 ? Words::tr("1 FFN") : Words::tr("%1 FFNs").arg(exactText(row.ffnsRemoved));
    return Words::tr("%1, %2", "attentions and FFNs").arg(attentions, ffns);
}

QString fileText(const CompareRows &rows, std::size_t row)
{
    const ComparedSession &source = rows.sessions[rows.rows[row].session];
    if (source.file.isEmpty())
        return {};
    const QString name = QFileInfo(source.file).fileName();
    const auto modelOf = [](const Session &session) {
        return session.model ? QString::fromStdString(modelName(session.model->folder).brief) : QString();
    };
    const QString model = modelOf(*source.session);
    return model == modelOf(*rows.sessions.front().session) ? name : Words::tr("%1 (%2)", "file and model").arg(name, model);
}

} // namespace secateur::ui
