// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>
#include <QWidget>

class QLineEdit;

namespace secateur::ui {

/// Asks for the folder that an export makes. Suggests one that nothing has yet, until people write or choose another. A name without a place lies in
/// the home folder, and is shown with it once it is written.
class ExportFolder : public QWidget {
    Q_OBJECT
public:
    explicit ExportFolder(QWidget *parent = nullptr);

    /// Whole; empty = none is given.
    QString path() const;
    /// A name for a folder in the home folder. Emits nothing.
    void suggest(const QString &name);
    /// The one that people wrote or chose has been made: the next free name beside it. Emits nothing.
    void takeNext();
    /// What people wrote or chose counts no longer: one is suggested again.
    void forget();

signals:
    void changed(); ///< by people

private:
    void set(const QString &path, bool isSuggestion);
    void choose();

    QLineEdit *m_field;
    QString m_asked; ///< what people wrote or chose; the field may show a free name beside it
    bool m_isSuggestion = true;
};

} // namespace secateur::ui
