// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QWidget>

class QLabel;

namespace secateur::ui {

/// A sentence in place, with a sign and, for a problem, what to do about it. Takes no room while it has nothing to say.
class InlineNote : public QWidget {
    Q_OBJECT
public:
    enum class Kind {
        Info,    ///< no sign
        Success, ///< "="
        Warning, ///< "!": possible, but know this
        Problem, ///< "x": not possible as it is
    };

    explicit InlineNote(QWidget *parent = nullptr);

    void say(Kind kind, const QString &sentence, const QString &remedy = {});
    void clear();
    QString sentence() const { return m_sentence; }
    Kind kind() const { return m_kind; }

private:
    Kind m_kind = Kind::Info;
    QString m_sentence;
    class NoteSign *m_sign;
    QLabel *m_text;
};

} // namespace secateur::ui
