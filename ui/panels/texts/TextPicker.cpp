// SPDX-License-Identifier: GPL-3.0-or-later
#include "panels/texts/TextPicker.h"

#include "jobs/TextReader.h"
#include "models/TextNames.h"
#include "panels/parts/WheelGuard.h"
#include "panels/texts/TextCut.h"
#include "panels/texts/TextFiles.h"
#include "panels/texts/TextSources.h"
#include "theme/Icons.h"
#include "widgets/InlineNote.h"
#include "widgets/Labels.h"
#include "widgets/Quantity.h"

#include <QDragEnterEvent>
#include <QDropEvent>
#include <QFileInfo>
#include <QGridLayout>
#include <QHBoxLayout>
#include <QKeyEvent>
#include <QLabel>
#include <QLineEdit>
#include <QListWidget>
#include <QMimeData>
#include <QPushButton>
#include <QSignalBlocker>
#include <QSpinBox>
#include <QVBoxLayout>

#include <algorithm>

namespace secateur::ui {
namespace {

constexpr int kMostShown = 4;

QString usualColumn()
{
    return QString::fromStdString(TextSettings().column);
}

} // namespace

TextPicker::TextPicker(QWidget *parent)
    : QWidget(parent),
      m_list(new QListWidget),
      m_sources(new TextSources),
      m_cut(new TextCut),
      m_columnName(new QLabel(tr("Column"))),
      m_column(new QLineEdit),
      m_documentsName(new QLabel(tr("Documents"))),
      m_documents(new QSpinBox),
      m_read(captionLabel({})),
      m_note(new InlineNote),
      m_useFewer(new QPushButton)
{
    setAcceptDrops(true);
    build();
    connect(m_sources, &TextSources::added, this, &TextPicker::addFiles);
    connect(m_sources, &TextSources::knownAdded, this, &TextPicker::addKnown);
    connect(m_documents, &QSpinBox::valueChanged, this, [this] {
        follow();
        emit changed();
    });
    connect(m_sources, &TextSources::replaced, this, [this](const QString &file) {
        m_files.clear();
        setDocuments(0);
        addFiles({file});
        m_list->setFocus(); // the button has nothing more to do, and takes no focus
    });
    connect(m_sources, &TextSources::removed, this, &TextPicker::removeSelected);
    connect(m_list, &QListWidget::itemSelectionChanged, this, &TextPicker::followSelection);
    connect(m_useFewer, &QPushButton::clicked, this, [this] {
        m_list->setFocus(); // this button goes away
        m_cut->setWindows(m_windowsGiven);
    });
    connect(m_cut, &TextCut::changed, this, [this] {
        follow();
        emit changed();
    });
    connect(m_column, &QLineEdit::editingFinished, this, [this] {
        if (!m_column->isModified())
            return;
        m_column->setModified(false);
        if (m_column->text().isEmpty())
            m_column->setText(usualColumn());
        emit changed();
    });
    setValue({.files = {}, .windows = 32, .length = 2048, .seed = 0});
}

void TextPicker::build()
{
    m_list->setAccessibleName(tr("Files of the text"));
    m_list->setSelectionMode(QAbstractItemView::ExtendedSelection);
    m_list->setTextElideMode(Qt::ElideMiddle);
    m_list->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    m_list->setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
    m_list->installEventFilter(this);
    m_column->setAccessibleName(tr("Column that holds the texts"));
    m_column->setToolTip(tr("The column of a Parquet file, or the field of a line of JSON, that holds the texts."));
    m_column->setPlaceholderText(usualColumn());
    m_column->setFixedWidth(fontMetrics().averageCharWidth() * 24);

    m_documents->setAccessibleName(tr("Documents of each file"));
    m_documents->setToolTip(
        tr("Of each file, the first so many documents; 0 = all. C4 and FineWeb-Edu come with as many as the paper takes."));
    m_documents->setRange(0, 1'000'000'000);
    m_documents->setSpecialValueText(tr("all"));
    m_documents->setKeyboardTracking(false);
    m_documentsName->setBuddy(m_documents);
    new WheelGuard(*m_documents);
    auto *columns = new QHBoxLayout;
    columns->addWidget(m_column);
    columns->addSpacing(kColumnGap);
    columns->addWidget(m_documentsName);
    columns->addWidget(m_documents);
    columns->addStretch(1);

    auto *files = new QVBoxLayout;
    files->setSpacing(6);
    files->addWidget(m_list);
    files->addWidget(m_sources);

    auto *grid = new QGridLayout(this);
    grid->setContentsMargins(0, 0, 0, 0);
    grid->setHorizontalSpacing(kColumnGap);
    grid->setColumnMinimumWidth(0, labelWidth());
    grid->setColumnStretch(1, 1);
    auto *name = new QLabel(tr("Text"));
    name->setContentsMargins(0, 5, 0, 0); // beside the first file
    grid->addWidget(name, 0, 0, Qt::AlignTop);
    grid->addLayout(files, 0, 1);
    grid->addWidget(new QLabel(tr("Windows")), 1, 0);
    grid->addWidget(m_cut, 1, 1);
    grid->addWidget(m_columnName, 2, 0);
    grid->addLayout(columns, 2, 1);

    m_read->setTextFormat(Qt::PlainText); // it shows what is in a file
    m_read->setAccessibleName(tr("What the text is"));
    m_useFewer->hide();
    auto *notes = new QVBoxLayout;
    notes->setSpacing(6);
    notes->addWidget(m_note);
    notes->addWidget(m_useFewer, 0, Qt::AlignLeft);
    grid->addLayout(notes, 3, 1);
    grid->addWidget(m_read, 4, 1);
}

int TextPicker::labelWidth() const
{
    return fontMetrics().horizontalAdvance(tr("Windows"));
}

TextSettings TextPicker::value() const
{
    TextSettings text;
    for (const QString &file : m_files)
        text.files.emplace_back(file.toStdString());
    m_cut->writeTo(text);
    text.column = m_column->text().isEmpty() ? TextSettings().column : m_column->text().toStdString();
    if (m_documents->value() > 0)
        text.documents = m_documents->value();
    return text;
}

void TextPicker::setValue(const TextSettings &text)
{
    m_files.clear();
    for (const std::filesystem::path &file : text.files)
        m_files << QString::fromStdString(file.string());
    m_cut->setValue(text);
    m_column->setText(QString::fromStdString(text.column));
    setDocuments(text.documents.value_or(0));
    showFiles();
}

void TextPicker::showRead(const TextSettings &text, const QStringList & /*lines*/, const TextReport &report)
{
    if (!(text == value()))
        return; // a search reads other windows of the same text
    m_readText = text;
    m_read->setText(textReportText(report));
    if (m_refusedText == text) {
        m_refusedText = {};
        emit problemChanged();
    }
    follow();
}

void TextPicker::showRefusal(const TextSettings &text, const QString &sentence, const QString &hint, qint64 windows)
{
    if (!(text == value()))
        return;
    m_refusedText = text;
    m_refusal = sentence;
    m_remedy = hint;
    m_windowsGiven = windows;
    m_useFewer->setText(windows == 1 ? tr("Use 1 window") : tr("Use %1 windows").arg(exactText(windows)));
    follow();
    emit problemChanged();
}

void TextPicker::setContext(qint64 tokens)
{
    m_cut->setContext(tokens);
}

void TextPicker::setUse(TextUse use)
{
    m_sources->setUse(use);
}

void TextPicker::setRecentTexts(const QStringList &files)
{
    m_sources->setRecentTexts(files);
}

void TextPicker::setSampleText(const QString &file)
{
    m_sources->setSampleText(file);
}

void TextPicker::setPasteFolder(const QString &folder)
{
    m_sources->setPasteFolder(folder);
}

QString TextPicker::problem() const
{
    if (m_files.isEmpty())
        return tr("Choose a text first.");
    if (!m_broken.isEmpty())
        return m_broken;
    return value() == m_refusedText ? m_refusal : QString();
}

bool TextPicker::isProblemShown() const
{
    return !m_files.isEmpty() && !problem().isEmpty();
}

void TextPicker::dragEnterEvent(QDragEnterEvent *event)
{
    if (!isEnabled() || textsIn(*event->mimeData()).isEmpty()) // the window says why
        event->ignore();
    else
        event->acceptProposedAction();
}

void TextPicker::dropEvent(QDropEvent *event)
{
    addFiles(textsIn(*event->mimeData()));
    event->acceptProposedAction();
}

void TextPicker::takeDropsOn(QWidget &around)
{
    around.setAcceptDrops(true);
    around.installEventFilter(this);
}

void TextPicker::showEvent(QShowEvent *event)
{
    QWidget::showEvent(event);
    const QString before = problem();
    showFiles(); // files come and go while nobody looks
    if (problem() != before)
        emit problemChanged();
}

void TextPicker::keyPressEvent(QKeyEvent *event)
{
    if (event->matches(QKeySequence::Paste))
        m_sources->paste();
    else
        QWidget::keyPressEvent(event);
}

bool TextPicker::eventFilter(QObject *watched, QEvent *event)
{
    if (watched != m_list && event->type() == QEvent::DragEnter) {
        dragEnterEvent(static_cast<QDragEnterEvent *>(event));
        return event->isAccepted();
    }
    if (watched != m_list && event->type() == QEvent::Drop) {
        dropEvent(static_cast<QDropEvent *>(event));
        return true;
    }
    if (watched == m_list && event->type() == QEvent::KeyPress) {
        auto *press = static_cast<QKeyEvent *>(event);
        if (press->key() == Qt::Key_Delete || press->key() == Qt::Key_Backspace) {
            removeSelected();
            return true;
        }
        if (press->matches(QKeySequence::Paste)) {
            m_sources->paste();
            return true;
        }
    }
    return QWidget::eventFilter(watched, event);
}

void TextPicker::addFiles(const QStringList &files)
{
    bool isChanged = false;
    for (const QString &file : files)
        if (!file.isEmpty() && !m_files.contains(file)) {
            m_files << file;
            isChanged = true;
        }
    showFiles();
    if (isChanged)
        emit changed();
}

/// A data set of the papers, of which as many documents are read as they take.
void TextPicker::addKnown(const QString &file, qint64 documents)
{
    const TextSettings before = value();
    setDocuments(documents);
    if (!m_files.contains(file))
        addFiles({file});
    else if (follow(); !(value() == before))
        emit changed();
}

/// Without telling anyone. 0 = all.
void TextPicker::setDocuments(qint64 documents)
{
    const QSignalBlocker blocker(m_documents);
    m_documents->setValue(int(std::min<qint64>(documents, m_documents->maximum())));
}

void TextPicker::removeSelected()
{
    const QModelIndexList rows = m_list->selectionModel()->selectedRows();
    if (rows.isEmpty())
        return;
    QStringList kept;
    for (int i = 0; i < m_files.size(); ++i)
        if (!m_list->item(i)->isSelected())
            kept << m_files[i];
    m_files = kept;
    if (m_files.isEmpty())
        setDocuments(0); // how many of the next ones is another question
    m_list->setFocus();
    showFiles();
    emit changed();
}

void TextPicker::showFiles()
{
    const int rowHeight = m_list->fontMetrics().height() + 10;
    m_list->clear();
    m_broken.clear();
    m_haveColumns = std::ranges::any_of(m_files, mayHaveColumns);
    m_roughTokens = roughTokens(value());
    for (const QString &path : m_files) {
        const QFileInfo file(path);
        const auto [problem, sentence, remedy] = problemOfTextFile(path);
        if (m_broken.isEmpty()) {
            m_broken = sentence;
            m_mending = remedy;
        }
        const QString name = textFileName(path);
        const bool isPasted = name != file.fileName();
        const QString text =
            !problem.isEmpty() ? tr("%1   %2", "file and problem").arg(name, problem)
            : isPasted ? tr("%1   %2   kept in %3", "file, size and folder").arg(name, bytesText(file.size()), folderText(file.path()))
                       : tr("%1   %2", "file and size").arg(name, bytesText(file.size()));
        auto *item = new QListWidgetItem(text, m_list);
        item->setSizeHint({0, rowHeight});
        if (!problem.isEmpty())
            item->setIcon(icon(QStringLiteral("warning")));
        item->setToolTip(path);
    }
    if (m_files.isEmpty()) {
        auto *item = new QListWidgetItem(tr("Drop text files here, or add some."), m_list);
        item->setSizeHint({0, rowHeight});
        item->setFlags(Qt::NoItemFlags);
    }
    const int shown = std::clamp(int(m_list->count()), 1, kMostShown);
    m_list->setFixedHeight(shown * rowHeight + 2 * m_list->frameWidth());
    follow();
}

void TextPicker::follow()
{
    const TextSettings now = value();
    m_read->setVisible(!m_read->text().isEmpty() && now.files == m_readText.files && now.column == m_readText.column &&
                       now.length == m_readText.length && now.seed == m_readText.seed && now.documents == m_readText.documents &&
                       !(now == m_refusedText));
    const bool hasColumns = m_haveColumns || now.column != TextSettings().column || now.documents;
    for (QWidget *of : std::initializer_list<QWidget *>{m_columnName, m_column, m_documentsName, m_documents})
        of->setVisible(hasColumns);
    const bool isRefused = m_broken.isEmpty() && !m_files.isEmpty() && now == m_refusedText;
    m_useFewer->setVisible(isRefused && m_windowsGiven > 0);
    m_note->setToolTip({});
    if (!m_broken.isEmpty())
        m_note->say(InlineNote::Kind::Problem, m_broken, m_mending);
    else if (isRefused)
        m_note->say(InlineNote::Kind::Problem, m_refusal, m_remedy);
    else if (!m_files.isEmpty() && isReadLate(now, m_roughTokens)) {
        m_note->say(InlineNote::Kind::Info,
                    tr("The text is large, %1 tokens. It is read when a job needs it.").arg(estimated(countText(m_roughTokens))));
        m_note->setToolTip(tr("An estimate: the size of the files ÷ 4 bytes per token."));
    } else if (const auto needed = m_cut->tokensNeeded())
        m_note->say(InlineNote::Kind::Info, tr("Needs %1 tokens.").arg(exactText(*needed)));
    else
        m_note->clear();
    m_sources->setChosen(m_files);
    followSelection();
}

void TextPicker::followSelection()
{
    m_sources->setRemovable(!m_list->selectionModel()->selectedRows().isEmpty());
}

} // namespace secateur::ui
