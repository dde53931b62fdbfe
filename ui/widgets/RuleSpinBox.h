// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QSpinBox>
#include <optional>

namespace secateur::ui {

/// A spin box for a number that a rule gives unless it is set by hand: shows "3 (rule)" or "3". Stepping or typing sets it by hand;
/// an empty field, or "By the rule" in the context menu, gives it back to the rule. Escape forgets what was typed.
class RuleSpinBox : public QSpinBox {
    Q_OBJECT
public:
    explicit RuleSpinBox(QWidget *parent = nullptr);

    /// What to show; emits nothing.
    void setNumber(qint64 value, bool isByRule);
    bool isByRule() const { return m_isByRule; }

    void stepBy(int steps) override;

signals:
    void chosen(qint64 value); ///< by hand
    void ruleChosen();

protected:
    void keyPressEvent(QKeyEvent *event) override;
    void contextMenuEvent(QContextMenuEvent *event) override;

private:
    void takeText();

    bool m_isByRule = true;
    std::optional<QString> m_typed; ///< without the suffix; none while nothing was typed
};

} // namespace secateur::ui
