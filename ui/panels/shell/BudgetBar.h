// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "panels/parts/Workbench.h"

#include <QWidget>
#include <array>

namespace secateur {
struct Measurement;
}

namespace secateur::ui {

class BudgetCard;
struct BudgetFigure;

/// What the current plan costs: parameters of the layers and of the model, bytes, FLOP and KV bytes per token, perplexity; each with the
/// original, the change, and where the number comes from. One stop of Tab, in which the arrow keys go from figure to figure.
class BudgetBar : public QWidget {
    Q_OBJECT
public:
    explicit BudgetBar(Workbench workbench, QWidget *parent = nullptr);

    enum Figure { LayerParameters, ModelParameters, Bytes, Flop, KvBytes, Perplexity, kFigures };
    const BudgetFigure &figure(Figure which) const;

protected:
    void keyPressEvent(QKeyEvent *event) override;
    void changeEvent(QEvent *event) override;
    void paintEvent(QPaintEvent *event) override;
    void resizeEvent(QResizeEvent *event) override;

private:
    void follow();
    void fitValues();
    BudgetFigure perplexity() const;
    QString lastText(const Measurement &record) const;

    const SessionModel &m_session;
    std::array<BudgetCard *, kFigures> m_cards{};
};

} // namespace secateur::ui
