// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/Generation.h"

#include <QWidget>
#include <cstdint>
#include <optional>
#include <vector>

class QLabel;

namespace secateur::ui {

class ElidedLabel;
class TokenView;

/// What one model writes: its name, how far it is and how fast, and the text as it comes.
class WritingColumn : public QWidget {
    Q_OBJECT
public:
    explicit WritingColumn(const QString &name, QWidget *parent = nullptr);

    /// `of`: whose text it is, where that is not a plan in hand any more; empty: it is what the name says.
    void setName(const QString &name, const QString &of = {});
    void append(const WrittenToken &token);
    /// All of it is there. `asked`: tokens.
    void finish(const Generation &written, std::int64_t asked);
    /// Marks the first token that is not the other one's; `words` says so. None: nothing is marked.
    void setDifference(std::optional<std::size_t> token, const QString &words);

    const std::vector<std::int32_t> &ids() const { return m_ids; }
    QString name() const { return m_nameText; }
    QString text() const; ///< that was written
    TokenView &view() const { return *m_view; }

private:
    ElidedLabel *m_name;
    QLabel *m_count, *m_difference;
    TokenView *m_view;
    QString m_nameText;
    std::vector<std::int32_t> m_ids;
    std::optional<Generation> m_finished;
};

} // namespace secateur::ui
