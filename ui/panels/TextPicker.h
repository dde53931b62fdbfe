// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "text/TokenWindows.h"

#include <QStringList>
#include <QWidget>

class QCheckBox;
class QLabel;
class QLineEdit;
class QListWidget;
class QMenu;
class QPushButton;
class QSpinBox;

namespace secateur::ui {

class InlineNote;

/// Chooses a text and how it is cut: files, windows, their length, the order of the documents, and, for files of records (Parquet, JSON
/// lines), the column that holds the texts.
///
/// Files are chosen in a dialog, dropped, taken from the recent ones or from the bundled sample. One that is missing or cannot be read is
/// marked in place.
class TextPicker : public QWidget {
    Q_OBJECT
public:
    static constexpr int kColumnGap = 12; ///< between the names of its lines and the controls

    explicit TextPicker(QWidget *parent = nullptr);

    /// Whether a file's name says that it is a text and nothing else of the program's (.json may be many things).
    static bool isNamedAsText(const QString &path);

    /// Of the names of its lines, for lines around it that are to line up.
    int labelWidth() const;

    TextSettings value() const;
    /// Shows settings without telling anyone.
    void setValue(const TextSettings &text);
    /// The model's context, tokens: the most that a window can have.
    void setContext(qint64 tokens);
    void setRecentTexts(const QStringList &files);
    /// A text that comes with the program, for one click; empty = there is none.
    void setSampleText(const QString &file);

    /// Shows what a text turned out to be when a job read it, as long as that is the text chosen here.
    void showRead(const TextSettings &text, const QStringList &lines);
    /// The same of one that cannot be used.
    void showRefusal(const TextSettings &text, const QString &sentence, const QString &hint);

    /// Texts that are dropped anywhere on that widget are meant for this one.
    void takeDropsOn(QWidget &around);

    /// Why the text cannot be used as it is; empty when it can, as far as the files tell.
    QString problem() const;

signals:
    /// By the user, never by setValue().
    void changed();
    /// problem(), because of what is in the files.
    void problemChanged();

protected:
    void dragEnterEvent(QDragEnterEvent *event) override;
    void dropEvent(QDropEvent *event) override;
    void showEvent(QShowEvent *event) override;
    bool eventFilter(QObject *watched, QEvent *event) override;

private:
    void build();
    void chooseFiles();
    void addFiles(const QStringList &files);
    void removeSelected();
    void showFiles();
    void follow();

    QStringList m_files, m_recent;
    QString m_sample;
    QListWidget *m_list;
    QPushButton *m_add, *m_recentButton, *m_sampleButton, *m_remove;
    QMenu *m_recentMenu;
    QSpinBox *m_windows, *m_length, *m_seed;
    QCheckBox *m_isAll;
    QLabel *m_columnName;
    QLineEdit *m_column;
    QLabel *m_read; ///< what the text turned out to be
    TextSettings m_readText;
    TextSettings m_refusedText; ///< without files: none
    QString m_refusal, m_remedy;
    InlineNote *m_note;
};

} // namespace secateur::ui
