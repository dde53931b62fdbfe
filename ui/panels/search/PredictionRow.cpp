// SPDX-License-Identifier: GPL-3.0-or-later
#include "panels/search/PredictionRow.h"

#include "panels/layers/LayerFacts.h"
#include "panels/parts/WheelGuard.h"
#include "widgets/Labels.h"
#include "widgets/Quantity.h"

#include <QHBoxLayout>
#include <QKeyEvent>
#include <QLabel>
#include <QPushButton>
#include <QSignalBlocker>
#include <QSpinBox>

#include <algorithm>
#include <utility>

namespace secateur::ui {

QString outcomeText(const SearchRecord &record, qint64 step, std::optional<qint64> predicted)
{
    if (step < 0 || step >= qint64(record.steps.size()))
        return {};
    const SearchStep &of = record.steps[std::size_t(step)];
    if (of.removed < 0)
        return PredictionRow::tr("Step %1 is not finished, so there is no answer.").arg(step + 1);
    if (of.isForced)
        return PredictionRow::tr("Step %1 was not searched: layer %2 went because it was asked for.").arg(step + 1).arg(of.removed);
    const auto facts = candidateFacts(record, step, of.removed);
    const QString clear = !facts || facts->runnerUp < 0 ? QString()
                          : facts->isNearTie()
                              ? PredictionRow::tr("A near tie with layer %1 (%2).").arg(facts->runnerUp).arg(percentText(facts->gap, 2))
                              : PredictionRow::tr("The runner-up was layer %1 (%2).").arg(facts->runnerUp).arg(percentText(facts->gap, 2));
    const QString answer = !predicted ? PredictionRow::tr("Layer %1 went.").arg(of.removed)
                           : *predicted == of.removed
                               ? PredictionRow::tr("Right: layer %1 went.").arg(of.removed)
                               : PredictionRow::tr("You said layer %1, and layer %2 went.").arg(*predicted).arg(of.removed);
    return clear.isEmpty() ? answer : answer + u' ' + clear;
}

PredictionRow::PredictionRow(QWidget *parent)
    : QWidget(parent),
      m_sentence(bodyLabel({})),
      m_score(new QLabel),
      m_layer(new QSpinBox),
      m_predict(new QPushButton(tr("Predict")))
{
    setAccessibleName(tr("Prediction"));
    m_layer->setAccessibleName(tr("Layer that you would remove"));
    m_layer->setPrefix(tr("layer "));
    m_layer->setKeyboardTracking(false);
    new WheelGuard(*m_layer);
    m_predict->setToolTip(tr("Or click a bar or a cell, or walk there by the arrow keys and press Return"));
    auto *row = new QHBoxLayout(this);
    row->setContentsMargins(0, 0, 0, 0);
    row->addWidget(m_sentence, 1);
    row->addWidget(m_layer);
    row->addWidget(m_predict);
    row->addSpacing(8);
    row->addWidget(m_score);
    for (QWidget *part : std::initializer_list<QWidget *>{m_layer, m_predict}) { // the row keeps its height when they go
        QSizePolicy keepsItsPlace = part->sizePolicy();
        keepsItsPlace.setRetainSizeWhenHidden(true);
        part->setSizePolicy(keepsItsPlace);
    }
    connect(m_predict, &QPushButton::clicked, this, [this] { emit predicted(m_layer->value()); });
}

void PredictionRow::ask(qint64 step, qint64 layers, qint64 layer)
{
    const QSignalBlocker blocker(m_layer);
    m_layer->setRange(0, int(std::max<qint64>(0, layers - 1)));
    if (layer >= 0 && !m_layer->hasFocus()) // nobody is typing
        m_layer->setValue(int(layer));
    m_layer->setVisible(true);
    m_predict->setVisible(true);
    if (std::exchange(m_step, step) != step) // else it may say why an answer is none
        m_sentence->setText(tr("Step %1: which one would you remove?").arg(step + 1));
}

void PredictionRow::tell(const QString &sentence)
{
    m_step = -1;
    m_layer->setVisible(false);
    m_predict->setVisible(false);
    m_sentence->setText(sentence);
}

/// In the field Return answers; what is selected elsewhere does not matter.
void PredictionRow::keyPressEvent(QKeyEvent *event)
{
    const bool isReturn = event->key() == Qt::Key_Return || event->key() == Qt::Key_Enter;
    if (isReturn && m_step >= 0)
        emit predicted(m_layer->value());
    else
        QWidget::keyPressEvent(event);
}

void PredictionRow::refuse(const QString &why)
{
    m_sentence->setText(tr("%1 Which one would you remove?", "why an answer is none").arg(why));
}

void PredictionRow::setScore(const Predictions &predictions, const SearchRecord &record)
{
    const qint64 asked = predictions.asked();
    m_score->setText(asked == 0 ? tr("no answers yet")
                                : tr("%1 of %2 right", "score of predictions").arg(predictions.hits(record)).arg(asked));
}

QString PredictionRow::sentence() const
{
    return m_sentence->text();
}

QString PredictionRow::score() const
{
    return m_score->text();
}

} // namespace secateur::ui
