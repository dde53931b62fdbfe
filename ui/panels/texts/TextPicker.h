// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "text/KnownTexts.h"
#include "text/TokenWindows.h"

#include <QStringList>
#include <QWidget>

class QLabel;
class QLineEdit;
class QSpinBox;
class QListWidget;
class QPushButton;

namespace secateur::ui {

class InlineNote;
class TextCut;
class TextSources;

/// Chooses a text and how it is cut: files, windows, and, for files of records (Parquet, JSON lines), the column that holds the texts.
///
/// Files are chosen in a dialog, dropped, pasted, taken from the texts at hand or from the bundled sample. One that is missing or cannot be
/// read is marked in place.
class TextPicker : public QWidget {
    Q_OBJECT
public:
    static constexpr int kColumnGap = 12; ///< between the names of its lines and the controls

    explicit TextPicker(QWidget *parent = nullptr);

    /// Of the names of its lines, for lines around it that are to line up.
    int labelWidth() const;

    TextSettings value() const;
    /// Shows settings without telling anyone.
    void setValue(const TextSettings &text);
    /// The model's context, tokens: the most that a window can have.
    void setContext(qint64 tokens);
    /// What the text is for: data sets have a part for each.
    void setUse(TextUse use);
    void setRecentTexts(const QStringList &files);
    /// A text that comes with the program, for one click; empty = there is none.
    void setSampleText(const QString &file);
    /// Where pasted texts are kept; nothing can be pasted without.
    void setPasteFolder(const QString &folder);

    /// Shows what a text turned out to be when it was read, as long as that is the text chosen here.
    void showRead(const TextSettings &text, const QStringList &lines, const TextReport &report);
    /// The same of one that cannot be used. `windows`: how many it gives where it is only too short; else 0.
    void showRefusal(const TextSettings &text, const QString &sentence, const QString &hint, qint64 windows = 0);

    /// Texts that are dropped anywhere on that widget are meant for this one.
    void takeDropsOn(QWidget &around);

    /// Why the text cannot be used as it is; empty when it can, as far as the files tell.
    QString problem() const;
    /// Whether problem() stands in it already, with what to do.
    bool isProblemShown() const;

signals:
    /// By the user, never by setValue().
    void changed();
    /// problem(), because of what is in the files, or of what became of them while the picker was hidden.
    void problemChanged();

protected:
    void dragEnterEvent(QDragEnterEvent *event) override;
    void dropEvent(QDropEvent *event) override;
    void showEvent(QShowEvent *event) override;
    void keyPressEvent(QKeyEvent *event) override;
    bool eventFilter(QObject *watched, QEvent *event) override;

private:
    void build();
    void addFiles(const QStringList &files);
    void addKnown(const QString &file, qint64 documents);
    void setDocuments(qint64 documents);
    void removeSelected();
    void showFiles();
    void follow();
    void followSelection();

    QStringList m_files;
    // Of the files when they were chosen or came into sight: a disk may take long to tell.
    QString m_broken, m_mending; ///< what is wrong with the first of them that cannot be used, and what to do; empty = nothing
    bool m_haveColumns = false;
    qint64 m_roughTokens = 0;
    QListWidget *m_list;
    TextSources *m_sources;
    TextCut *m_cut;
    QLabel *m_columnName;
    QLineEdit *m_column;
    QLabel *m_documentsName;
    QSpinBox *m_documents; ///< 0 = all
    QLabel *m_read;        ///< what the text turned out to be
    TextSettings m_readText;
    TextSettings m_refusedText; ///< without files: none
    QString m_refusal, m_remedy;
    qint64 m_windowsGiven = 0; ///< by a text that is too short
    InlineNote *m_note;
    QPushButton *m_useFewer;
};

} // namespace secateur::ui
