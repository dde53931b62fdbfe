// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "text/TokenWindows.h"

#include <QWidget>
#include <optional>

class QCheckBox;
class QSpinBox;

namespace secateur::ui {

/// How a text is cut: the number of windows or all of the text, the tokens of a window, and whether its documents are shuffled.
class TextCut : public QWidget {
    Q_OBJECT
public:
    explicit TextCut(QWidget *parent = nullptr);

    /// Shows what settings say of it, without telling anyone.
    void setValue(const TextSettings &text);
    /// Puts what is shown into settings.
    void writeTo(TextSettings &text) const;
    /// The model's context, tokens: the most that a window can have.
    void setContext(qint64 tokens);
    /// As if it had been typed.
    void setWindows(qint64 windows);
    /// That the text must have; none where all of it is used.
    std::optional<qint64> tokensNeeded() const;

signals:
    /// By the user, never by setValue().
    void changed();

private:
    void follow();

    QSpinBox *m_windows, *m_length, *m_seed;
    QCheckBox *m_isAll, *m_isShuffled;
};

} // namespace secateur::ui
