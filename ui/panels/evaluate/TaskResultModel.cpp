// SPDX-License-Identifier: GPL-3.0-or-later
#include "panels/evaluate/TaskResultModel.h"

#include "models/SessionModel.h"
#include "session/Measurements.h"
#include "tasks/TaskTable.h"
#include "widgets/Quantity.h"

#include <QLocale>
#include <QStringList>

#include <algorithm>
#include <ranges>

namespace secateur::ui {
namespace {

QString accOf(const std::optional<TaskResult> &result)
{
    return result ? accuracyText(result->acc, result->accStderr) : TaskResultModel::tr("not measured");
}

QString normOf(const std::optional<TaskResult> &result)
{
    return !result           ? TaskResultModel::tr("not measured")
           : result->accNorm ? accuracyText(*result->accNorm, result->accNormStderr)
                             : QString();
}

} // namespace

QString accuracyText(double share, const std::optional<double> &error)
{
    if (!error)
        return percentText(share);
    return TaskResultModel::tr("%1 ± %2", "share and standard error").arg(QLocale().toString(share * 100, 'f', 1), percentText(*error));
}

TaskResultModel::TaskResultModel(const SessionModel &session, QObject *parent) : QAbstractTableModel(parent), m_session(session)
{
    for (const auto changed :
         {&SessionModel::modelChanged, &SessionModel::evaluationsChanged, &SessionModel::draftChanged, &SessionModel::planHashChanged})
        connect(&session, changed, this, &TaskResultModel::follow);
    follow();
}

/// The latest of the current plan, else of the original; the other one beside it where it was asked the same.
void TaskResultModel::follow()
{
    beginResetModel();
    m_rows.clear();
    m_asked.reset();
    const std::string hash = m_session.planHash().toStdString();
    const Measurement *plan = nullptr, *original = nullptr;
    for (const Measurement &measured : m_session.session().measurements | std::views::reverse)
        if (measured.what == Measured::Tasks && measured.tasks) {
            const Measurement *&kept = measured.planHash.empty() ? original : plan;
            const Measurement *shown = plan ? plan : original;
            if (!kept && (measured.planHash.empty() || measured.planHash == hash) && (!shown || shown->tasks->hash == measured.tasks->hash))
                kept = &measured;
        }
    if (const Measurement *shown = plan ? plan : original) {
        m_asked = shown->tasks;
        for (const TaskResult &result : shown->tasks->tasks) {
            Row row;
            (shown == plan ? row.plan : row.original) = result;
            if (plan && original)
                if (const auto same = std::ranges::find(original->tasks->tasks, result.name, &TaskResult::name);
                    same != original->tasks->tasks.end())
                    row.original = *same;
            m_rows.push_back(row);
        }
    }
    endResetModel();
}

int TaskResultModel::rowCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : int(m_rows.size());
}

int TaskResultModel::columnCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : kColumns;
}

QString TaskResultModel::text(const Row &row, Column column) const
{
    const TaskResult &any = row.any();
    switch (column) {
    case kTask:
        return any.subjects > 0 ? tr("%1 (%2 of 57 subjects)").arg(QString::fromStdString(any.name), exactText(any.subjects))
                                : QString::fromStdString(any.name);
    case kPlanAcc:
        return accOf(row.plan);
    case kOriginalAcc:
        return accOf(row.original);
    case kPlanNorm:
        return any.accNorm ? normOf(row.plan) : QString();
    case kOriginalNorm:
        return any.accNorm ? normOf(row.original) : QString();
    case kItems:
        return exactText(any.items);
    case kSkipped:
        return exactText(any.skipped);
    case kColumns:
        break;
    }
    return {};
}

QVariant TaskResultModel::data(const QModelIndex &index, int role) const
{
    if (!index.isValid() || index.row() >= int(m_rows.size()))
        return {};
    const Row &row = m_rows[std::size_t(index.row())];
    const Column column = Column(index.column());
    if (role == Qt::DisplayRole)
        return text(row, column);
    if (role == Qt::TextAlignmentRole)
        return int(Qt::AlignVCenter | (column == kTask ? Qt::AlignLeft : Qt::AlignRight));
    return {};
}

QVariant TaskResultModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation != Qt::Horizontal)
        return QAbstractTableModel::headerData(section, orientation, role);
    const bool isNorm = section == kPlanNorm || section == kOriginalNorm;
    if (role == Qt::ToolTipRole)
        return section == kSkipped ? tr("Items that cannot be asked: the log names them.")
               : isNorm            ? tr("The likelihood of each choice, divided by its number of characters, decides.")
               : section == kPlanAcc || section == kOriginalAcc
                   ? tr("Share of items whose likeliest choice is right, with its standard error.")
                   : QVariant();
    if (role != Qt::DisplayRole)
        return {};
    switch (Column(section)) {
    case kTask:
        return tr("Task");
    case kPlanAcc:
        return tr("Plan, acc");
    case kOriginalAcc:
        return tr("Original, acc");
    case kPlanNorm:
        return tr("Plan, acc_norm");
    case kOriginalNorm:
        return tr("Original, acc_norm");
    case kItems:
        return tr("Items");
    case kSkipped:
        return tr("Skipped");
    case kColumns:
        break;
    }
    return {};
}

QString TaskResultModel::howAsked() const
{
    if (!m_asked)
        return {};
    const QString items = !m_asked->limit ? tr("All items")
                          : m_asked->seed == 0
                              ? tr("The first %1 items of each task").arg(exactText(*m_asked->limit))
                              : tr("%1 items of each task, drawn with seed %2").arg(exactText(*m_asked->limit)).arg(m_asked->seed);
    const QString bos = m_asked->bos == BosUse::Never    ? tr("no BOS token, as in the paper")
                        : m_asked->bos == BosUse::Always ? tr("always a BOS token")
                                                         : tr("BOS as the tokenizer adds it");
    return tr("%1, zero-shot, %2.").arg(items, bos);
}

QString TaskResultModel::separated() const
{
    QStringList lines = {QStringLiteral("task\tmodel\tacc\tacc_stderr\tacc_norm\tacc_norm_stderr\titems\tskipped")};
    const auto number = [](const std::optional<double> &value) {
        return value ? QLocale::c().toString(*value, 'g', QLocale::FloatingPointShortest) : QString();
    };
    for (const Row &row : m_rows)
        for (const auto &[name, result] : {std::pair("plan", &row.plan), std::pair("original", &row.original)})
            if (const std::optional<TaskResult> &r = *result)
                lines << QStringList{QString::fromStdString(r->name),
                                     QString::fromUtf8(name),
                                     number(r->acc),
                                     number(r->accStderr),
                                     number(r->accNorm),
                                     number(r->accNormStderr),
                                     QString::number(r->items),
                                     QString::number(r->skipped)}
                             .join(QLatin1Char('\t'));
    return lines.join(QLatin1Char('\n')) + QLatin1Char('\n');
}

} // namespace secateur::ui
