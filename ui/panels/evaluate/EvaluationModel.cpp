// SPDX-License-Identifier: GPL-3.0-or-later
#include "panels/evaluate/EvaluationModel.h"

#include "models/ConditionsText.h"
#include "models/TextNames.h"
#include "panels/plan/DraftOfRecord.h"
#include "session/Measurements.h"
#include "widgets/Quantity.h"

#include <QFont>
#include <QLocale>

#include <algorithm>
#include <limits>
#include <utility>

namespace secateur::ui {
namespace {

bool isOriginal(const Measurement &record)
{
    return record.planHash.empty();
}

/// The plan of a record that is not of 2SSP, so that no K and N tell what it leaves; null where it is.
const PruningPlan *otherPlan(const SessionModel &session, const Measurement &record)
{
    const ShelfPlan *shelf = record.draft ? shelfPlanOf(session.session(), *record.draft) : nullptr;
    return shelf && shelf->plan.method != PlanMethod::TwoSsp ? &shelf->plan : nullptr;
}

/// How that one was found, within a sentence.
QString methodText(const PruningPlan &plan)
{
    return plan.method == PlanMethod::Manual ? EvaluationModel::tr("by hand") : QString::fromUtf8(titleOf(plan.method));
}

/// Share of the layers' parameters that a record's plan removes.
double sparsityOf(const SessionModel &session, const Measurement &record)
{
    if (isOriginal(record) || session.denseFigures().layerParameters == 0)
        return 0;
    const ModelFigures figures = figuresOf(session, record);
    return 1.0 - double(figures.layerParameters) / double(session.denseFigures().layerParameters);
}

int alignmentOf(int column)
{
    const bool isText = column == EvaluationModel::kPlan || column == EvaluationModel::kText || column == EvaluationModel::kOrder ||
                        column == EvaluationModel::kComputed;
    return int(Qt::AlignVCenter | (isText ? Qt::AlignLeft : Qt::AlignRight));
}

/// A cell of a text file: in quotes where the separator or a quote would break it.
QString cell(const QVariant &value, QChar separator)
{
    if (value.typeId() == QMetaType::Double)
        return QLocale::c().toString(value.toDouble(), 'g', QLocale::FloatingPointShortest);
    const QString text = value.toString();
    if (!text.contains(separator) && !text.contains(QLatin1Char('"')) && !text.contains(QLatin1Char('\n')))
        return text;
    return QLatin1Char('"') + QString(text).replace(QLatin1Char('"'), QLatin1String("\"\"")) + QLatin1Char('"');
}

} // namespace

ModelFigures figuresOf(const SessionModel &session, const Measurement &record)
{
    if (record.planHash.empty())
        return session.denseFigures();
    if (otherPlan(session, record))
        return session.factsOf(*record.draft).figures;
    return session.figuresOf(record.neuronsKept, std::int64_t(record.removed.size()));
}

QString planText(const SessionModel &session, const Measurement &record)
{
    if (isOriginal(record))
        return EvaluationModel::tr("original");
    if (const PruningPlan *plan = otherPlan(session, record))
        return EvaluationModel::tr("%1, %2").arg(percentText(sparsityOf(session, record)), methodText(*plan));
    return EvaluationModel::tr("%1, N = %2, K = %3")
        .arg(percentText(sparsityOf(session, record)), exactText(qint64(record.removed.size())), exactText(record.neuronsKept));
}

EvaluationModel::EvaluationModel(const SessionModel &session, QObject *parent) : QAbstractTableModel(parent), m_session(session)
{
    for (const auto signal : {&SessionModel::modelChanged, &SessionModel::evaluationsChanged})
        connect(&session, signal, this, &EvaluationModel::reset);
    for (const auto signal : {&SessionModel::draftChanged, &SessionModel::searchChanged})
        connect(&session, signal, this, &EvaluationModel::follow);
    reset();
}

void EvaluationModel::reset()
{
    beginResetModel();
    const std::vector<Measurement> &records = m_session.session().measurements;
    m_rows.clear();
    for (std::size_t i = 0; i < records.size(); ++i) {
        if (records[i].what != Measured::Perplexity)
            continue;
        Row row{.record = i, .sparsity = sparsityOf(m_session, records[i]), .againstOriginal = {}, .isOfPlan = isOfCurrent(records[i])};
        if (const Measurement *original = originalFor(records, records[i])) {
            row.againstOriginal = records[i].result.perplexity / original->result.perplexity;
            row.difference = conditionsDifference(original->computed, records[i].computed);
        }
        m_rows.push_back(row);
    }
    m_isMixed = std::ranges::any_of(m_rows, [&](const Row &row) { return !areComputedAlike(records[row.record], record(0)); });
    endResetModel();
}

/// Another plan may be the current one: only what is said of that changes.
void EvaluationModel::follow()
{
    for (int row = 0; row < rowCount(); ++row) {
        const bool isOfPlan = isOfCurrent(record(row));
        if (std::exchange(m_rows[std::size_t(row)].isOfPlan, isOfPlan) != isOfPlan)
            emit dataChanged(index(row, 0), index(row, kColumns - 1));
    }
}

/// Whether a record is of the current plan.
bool EvaluationModel::isOfCurrent(const Measurement &record) const
{
    const SearchState state = m_session.searchState();
    const bool isSettled = state == SearchState::Complete || state == SearchState::NotNeeded;
    return isSettled && isOf(record, m_session.draft(), m_session.neuronsKept(), m_session.removalOrder());
}

int EvaluationModel::rowCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : int(m_rows.size());
}

int EvaluationModel::columnCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : kColumns;
}

QVariant EvaluationModel::value(int row, Column column) const
{
    const Measurement &r = record(row);
    switch (column) {
    case kPlan:
        return m_rows[std::size_t(row)].sparsity;
    case kPerplexity:
        return r.result.perplexity;
    case kAgainstOriginal:
        return againstOriginal(row).value_or(std::numeric_limits<double>::infinity());
    case kLoss:
        return r.result.loss;
    case kText:
        return textFilesName(r.text);
    case kWindows:
        return qint64(r.result.windows);
    case kTokens:
        return qint64(r.result.tokens);
    case kOrder:
        return r.isOrderBorrowed;
    case kComputed:
        return conditionsText(r.computed);
    case kColumns:
        break;
    }
    return {};
}

QString EvaluationModel::text(int row, Column column) const
{
    const Measurement &r = record(row);
    switch (column) {
    case kPlan:
        return isOfPlan(row) ? tr("%1 (current)").arg(planText(m_session, r)) : planText(m_session, r);
    case kPerplexity:
        return perplexityText(r.result.perplexity);
    case kAgainstOriginal: {
        const std::optional<double> ratio = againstOriginal(row);
        if (!ratio)
            return tr("not measured");
        const QString times = tr("×%1").arg(QLocale().toString(*ratio, 'f', 2));
        const bool isAlike = m_rows[std::size_t(row)].difference.isEmpty();
        return isAlike ? times : tr("%1 %2", "sign and number").arg(exactnessSign(Exactness::Estimate), times);
    }
    case kLoss:
        return QLocale().toString(r.result.loss, 'f', 4);
    case kText:
        return textFilesName(r.text);
    case kWindows:
        return tr("%1 × %2").arg(exactText(r.result.windows), exactText(r.result.length));
    case kTokens:
        return exactText(r.result.tokens);
    case kOrder:
        if (const PruningPlan *plan = isOriginal(r) ? nullptr : otherPlan(m_session, r))
            return methodText(*plan);
        return isOriginal(r) ? QString() : r.isOrderBorrowed ? tr("~ borrowed") : r.removed.empty() ? tr("none") : tr("= searched");
    case kComputed:
        return conditionsText(r.computed);
    case kColumns:
        break;
    }
    return {};
}

QVariant EvaluationModel::data(const QModelIndex &index, int role) const
{
    if (!index.isValid() || index.row() >= int(m_rows.size()))
        return {};
    const auto column = Column(index.column());
    const Measurement &r = record(index.row());
    switch (role) {
    case Qt::DisplayRole:
        return text(index.row(), column);
    case kSortRole:
        return value(index.row(), column);
    case kReasonRole:
        return draftOfRecord(m_session.session(), r, m_session.draft()).reason;
    case Qt::TextAlignmentRole:
        return alignmentOf(column);
    case Qt::FontRole: {
        QFont font;
        font.setBold(isOfPlan(index.row()));
        return font;
    }
    case Qt::ToolTipRole:
        if (column == kText && !r.text.files.empty())
            return QString::fromStdString(r.text.files.front().string());
        if (column == kOrder && r.isOrderBorrowed)
            return borrowedOrderText();
        if (const QString &difference = m_rows[std::size_t(index.row())].difference; column == kAgainstOriginal && !difference.isEmpty())
            return difference;
        if (column == kPerplexity || column == kLoss || column == kComputed)
            return conditionsDetails(r.computed);
        return column == kPlan && !isOriginal(r) ? tr("Plan hash %1").arg(QString::fromStdString(r.planHash)) : QVariant();
    default:
        return {};
    }
}

QVariant EvaluationModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation != Qt::Horizontal)
        return {};
    if (role == Qt::TextAlignmentRole)
        return alignmentOf(section);
    if (role == Qt::ToolTipRole && section == kAgainstOriginal)
        return tr("Perplexity compared with the original's on the same tokens");
    if (role != Qt::DisplayRole)
        return {};
    switch (Column(section)) {
    case kPlan:
        return tr("Plan");
    case kPerplexity:
        return tr("Perplexity");
    case kAgainstOriginal:
        return tr("vs original");
    case kLoss:
        return tr("Loss, nats");
    case kText:
        return tr("Text");
    case kWindows:
        return tr("Windows");
    case kTokens:
        return tr("Tokens");
    case kOrder:
        return tr("Order");
    case kComputed:
        return tr("Computed on");
    case kColumns:
        break;
    }
    return {};
}

QString EvaluationModel::separated(QChar separator) const
{
    const QStringList names = {QStringLiteral("plan"),         QStringLiteral("sparsity"),     QStringLiteral("attentions_removed"),
                               QStringLiteral("neurons_kept"), QStringLiteral("perplexity"),   QStringLiteral("against_original"),
                               QStringLiteral("loss"),         QStringLiteral("text"),         QStringLiteral("windows"),
                               QStringLiteral("length"),       QStringLiteral("tokens"),       QStringLiteral("order"),
                               QStringLiteral("plan_hash"),    QStringLiteral("device"),       QStringLiteral("dtype"),
                               QStringLiteral("threads"),      QStringLiteral("instructions"), QStringLiteral("libtorch"),
                               QStringLiteral("host")};
    QString all = names.join(separator) + QLatin1Char('\n');
    for (int row = 0; row < rowCount(); ++row) {
        const Measurement &r = record(row);
        const ComputeConditions &how = r.computed;
        const std::optional<double> ratio = againstOriginal(row);
        const PruningPlan *other = isOriginal(r) ? nullptr : otherPlan(m_session, r);
        const QString order = isOriginal(r)       ? QString()
                              : other             ? methodText(*other)
                              : r.isOrderBorrowed ? QStringLiteral("borrowed")
                                                  : QStringLiteral("searched");
        QStringList cells; // for other programs: the text has the name of its file
        for (const QVariant &value : std::initializer_list<QVariant>{
                 isOriginal(r) ? QStringLiteral("original") : QStringLiteral("plan"), m_rows[std::size_t(row)].sparsity,
                 qint64(r.removed.size()), qint64(r.neuronsKept), r.result.perplexity, ratio ? QVariant(*ratio) : QVariant(), r.result.loss,
                 QString::fromStdString(textName(r.text)), qint64(r.result.windows), qint64(r.result.length), qint64(r.result.tokens),
                 order, QString::fromStdString(r.planHash), QString::fromStdString(how.gpu.empty() ? how.device : how.gpu),
                 QString::fromStdString(how.dtype), how.isKnown() ? QVariant(how.threads) : QVariant(),
                 QString::fromStdString(how.instructions), QString::fromStdString(how.torchVersion), QString::fromStdString(how.host)})
            cells << cell(value, separator);
        all += cells.join(separator) + QLatin1Char('\n');
    }
    return all;
}

QString borrowedOrderText()
{
    return EvaluationModel::tr("The removal order was searched at another K: a prediction of what a search would give.");
}

} // namespace secateur::ui
