// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "panels/search/Replay.h"

#include <QString>
#include <QWidget>

class QLabel;
class QPushButton;
class QSpinBox;

namespace secateur::ui {

/// "Which one would you remove?": asks before a decision, and says afterwards how the answer was, with the score of hits.
class PredictionRow : public QWidget {
    Q_OBJECT
public:
    explicit PredictionRow(QWidget *parent = nullptr);

    /// Before the decision of a step of that many layers. `layer`: what the field suggests.
    void ask(qint64 step, qint64 layers, qint64 layer);
    /// After it, or where there is nothing to ask.
    void tell(const QString &sentence);
    /// The answer can be none, and why. The question stays.
    void refuse(const QString &why);
    void setScore(const Predictions &predictions, const SearchRecord &record);
    QString sentence() const;
    QString score() const;

protected:
    void keyPressEvent(QKeyEvent *event) override;

signals:
    void predicted(qint64 layer);

private:
    qint64 m_step = -1; ///< that is asked about; -1: none
    QLabel *m_sentence, *m_score;
    QSpinBox *m_layer;
    QPushButton *m_predict;
};

/// How the answer to a step was: whether it was right, what went, how clear that was. Without an answer what went, and why.
QString outcomeText(const SearchRecord &record, qint64 step, std::optional<qint64> predicted);

} // namespace secateur::ui
