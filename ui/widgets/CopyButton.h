// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QPushButton>
#include <functional>

class QTimer;

namespace secateur::ui {

/// Puts a text on the clipboard and says so for a moment. The text is asked for when it is needed.
class CopyButton : public QPushButton {
    Q_OBJECT
public:
    CopyButton(const QString &label, std::function<QString()> text, QWidget *parent = nullptr);
    /// Why there is nothing to copy; empty: there is, and `toolTip` says what.
    void setProblem(const QString &problem, const QString &toolTip = {});

private:
    void copy();

    QString m_label;
    std::function<QString()> m_what;
    QTimer *m_timer;
};

} // namespace secateur::ui
