// SPDX-License-Identifier: GPL-3.0-or-later
#include "panels/evaluate/TaskResultModel.h"

#include "models/ConditionsText.h"
#include "models/SessionModel.h"
#include "tasks/TaskTable.h"
#include "widgets/Quantity.h"

#include <QLocale>
#include <QStringList>

#include <algorithm>
#include <utility>

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

/// An accuracy of the original with the sign of what cannot quite be compared with the plan's.
QString marked(const QString &accuracy, const QString &difference)
{
    return difference.isEmpty() ? accuracy
                                : TaskResultModel::tr("%1 %2", "sign and number").arg(exactnessSign(Exactness::Estimate), accuracy);
}

/// "first 200 items, no BOS token"
QString askedText(const TaskResults &asked)
{
    const QString items = !asked.limit      ? TaskResultModel::tr("all items")
                          : asked.seed == 0 ? TaskResultModel::tr("first %1 items").arg(exactText(*asked.limit))
                                            : TaskResultModel::tr("%1 items, seed %2").arg(exactText(*asked.limit)).arg(asked.seed);
    const QString bos = asked.bos == BosUse::Never    ? TaskResultModel::tr("no BOS token")
                        : asked.bos == BosUse::Always ? TaskResultModel::tr("always a BOS token")
                                                      : TaskResultModel::tr("BOS token by the tokenizer");
    return TaskResultModel::tr("%1, %2", "which items, and whether a text begins with a token for that").arg(items, bos);
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

void TaskResultModel::follow()
{
    std::vector<Row> now = rows();
    if (now == m_rows) // the usual case while a number is dragged
        return;
    beginResetModel();
    m_rows = std::move(now);
    endResetModel();
}

/// Those of the current plan first, in the order of measuring. The latest wins; of the original one that was computed as the plan's was.
std::vector<TaskResultModel::Row> TaskResultModel::rows() const
{
    std::vector<Row> rows;
    const auto rowFor = [&rows](const TaskResults &asked, const TaskResult &result) -> Row & {
        TaskResults how = asked;
        how.tasks.clear();
        how.hash.clear();
        const auto same = std::ranges::find_if(rows, [&](const Row &row) {
            return row.asked == how && row.any().name == result.name && row.any().textHash == result.textHash;
        });
        return same == rows.end() ? rows.emplace_back(Row{.asked = how, .plan = {}, .original = {}, .ofPlan = {}, .ofOriginal = {}})
                                  : *same;
    };
    const std::string hash = m_session.planHash().toStdString();
    const auto take = [&](bool isOfPlan) {
        for (const Measurement &measured : m_session.session().measurements)
            if (measured.what == Measured::Tasks && measured.tasks && measured.planHash.empty() != isOfPlan &&
                (!isOfPlan || measured.planHash == hash))
                for (const TaskResult &result : measured.tasks->tasks) {
                    Row &row = rowFor(*measured.tasks, result);
                    const auto isAsPlan = [&row](const ComputeConditions &computed) { return differenceOf(computed, row.ofPlan).isNone(); };
                    if (!isOfPlan && row.plan && row.original && isAsPlan(row.ofOriginal) && !isAsPlan(measured.computed))
                        continue;
                    (isOfPlan ? row.plan : row.original) = result;
                    (isOfPlan ? row.ofPlan : row.ofOriginal) = measured.computed;
                }
    };
    take(true);
    take(false);
    return rows;
}

QString TaskResultModel::Row::difference() const
{
    return plan && original ? conditionsDifference(ofOriginal, ofPlan) : QString();
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
        return any.subjects > 0 ? tr("%1 (%2 of %3 subjects)")
                                      .arg(QString::fromStdString(any.name), exactText(any.subjects), exactText(kMmluSubjects.size()))
                                : QString::fromStdString(any.name);
    case kAsked:
        return askedText(row.asked);
    case kPlanAcc:
        return accOf(row.plan);
    case kOriginalAcc:
        return marked(accOf(row.original), row.difference());
    case kPlanNorm:
        return any.accNorm ? normOf(row.plan) : QString();
    case kOriginalNorm:
        return any.accNorm ? marked(normOf(row.original), row.difference()) : QString();
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
    if (role == Qt::ToolTipRole && (column == kOriginalAcc || column == kOriginalNorm))
        return row.difference();
    if (role == Qt::TextAlignmentRole)
        return int(Qt::AlignVCenter | (column == kTask || column == kAsked ? Qt::AlignLeft : Qt::AlignRight));
    return {};
}

QVariant TaskResultModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation != Qt::Horizontal)
        return QAbstractTableModel::headerData(section, orientation, role);
    const bool isNorm = section == kPlanNorm || section == kOriginalNorm;
    if (role == Qt::ToolTipRole)
        return section == kSkipped ? tr("Items that cannot be asked. The log says why.")
               : isNorm            ? tr("The same where the likelihood of a choice is divided by its number of characters.")
               : section == kPlanAcc || section == kOriginalAcc
                   ? tr("Share of items whose likeliest choice is right, with its standard error.")
                   : QVariant();
    if (role != Qt::DisplayRole)
        return {};
    switch (Column(section)) {
    case kTask:
        return tr("Task");
    case kAsked:
        return tr("Asked");
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
    if (m_rows.empty() || std::ranges::any_of(m_rows, [&](const Row &row) { return row.asked != m_rows.front().asked; }))
        return {};
    return askedText(m_rows.front().asked);
}

QString TaskResultModel::separated() const
{
    QStringList lines = {QStringLiteral("task\tmodel\tacc\tacc_stderr\tacc_norm\tacc_norm_stderr\titems\tskipped\tlimit\tseed\tbos")};
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
                                     QString::number(r->skipped),
                                     row.asked.limit ? QString::number(*row.asked.limit) : QString(),
                                     QString::number(row.asked.seed),
                                     QLatin1String(nameOf(row.asked.bos))}
                             .join(QLatin1Char('\t'));
    return lines.join(QLatin1Char('\n')) + QLatin1Char('\n');
}

} // namespace secateur::ui
