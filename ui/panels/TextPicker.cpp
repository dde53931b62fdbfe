// SPDX-License-Identifier: GPL-3.0-or-later
#include "panels/TextPicker.h"

#include "panels/WheelGuard.h"
#include "theme/Icons.h"
#include "widgets/InlineNote.h"
#include "widgets/Labels.h"
#include "widgets/Quantity.h"

#include <QCheckBox>
#include <QDragEnterEvent>
#include <QDropEvent>
#include <QFile>
#include <QFileDialog>
#include <QFileInfo>
#include <QGridLayout>
#include <QHBoxLayout>
#include <QKeyEvent>
#include <QLabel>
#include <QLineEdit>
#include <QListWidget>
#include <QLocale>
#include <QMenu>
#include <QMimeData>
#include <QPushButton>
#include <QSignalBlocker>
#include <QSpinBox>
#include <QUrl>
#include <QVBoxLayout>

#include <algorithm>

namespace secateur::ui {
namespace {

constexpr int kMostWindows = 1'000'000, kMostShown = 4;

bool hasSuffix(const QString &path, std::initializer_list<QLatin1String> suffixes)
{
    const QString suffix = QFileInfo(path).suffix();
    return std::ranges::any_of(suffixes, [&](QLatin1String one) { return suffix.compare(one, Qt::CaseInsensitive) == 0; });
}

/// Local files of a drop that may be texts. A model's own files and sessions are left to whoever is behind.
QStringList textsIn(const QMimeData *data)
{
    QStringList files;
    for (const QUrl &url : data->urls()) {
        const QFileInfo file(url.toLocalFile());
        const bool isMaybeJsonLines =
            hasSuffix(file.fileName(), {QLatin1String("json")}) && file.fileName() != QLatin1String("config.json");
        if (url.isLocalFile() && !file.isDir() && (isMaybeJsonLines || TextPicker::isNamedAsText(file.fileName())))
            files << file.absoluteFilePath();
    }
    return files;
}

/// Whether a file may have columns to choose from, by its name or its beginning.
bool isOfRecords(const QString &path)
{
    constexpr qint64 kBeginning = 512;
    if (hasSuffix(path, {QLatin1String("parquet"), QLatin1String("jsonl"), QLatin1String("json"), QLatin1String("ndjson"),
                         QLatin1String("jsonlines"), QLatin1String("gz"), QLatin1String("zst"), QLatin1String("xz"), QLatin1String("bz2")}))
        return true;
    QFile file(path);
    if (!QFileInfo(path).isFile() || !file.open(QIODevice::ReadOnly))
        return false;
    const QByteArray beginning = file.read(kBeginning).trimmed();
    return beginning.startsWith('{') || beginning.startsWith('[') || beginning.startsWith("PAR1");
}

/// Why a file cannot be read; empty when it can.
QString problemOf(const QString &path)
{
    const QFileInfo file(path);
    if (!file.exists())
        return TextPicker::tr("not found");
    if (file.isDir())
        return TextPicker::tr("a folder, not a text");
    if (!file.isReadable())
        return TextPicker::tr("cannot be read: no permission");
    return file.size() == 0 ? TextPicker::tr("empty") : QString();
}

QString usualColumn()
{
    return QString::fromStdString(TextSettings().column);
}

QSpinBox *spinBox(const QString &name, int least, int most)
{
    auto *box = new QSpinBox;
    box->setRange(least, most);
    box->setGroupSeparatorShown(true);
    box->setAccessibleName(name);
    box->setKeyboardTracking(false); // a number that is still being typed means nothing
    return box;
}

} // namespace

TextPicker::TextPicker(QWidget *parent)
    : QWidget(parent),
      m_list(new QListWidget),
      m_add(new QPushButton(icon(QStringLiteral("open")), tr("Add text…"))),
      m_recentButton(new QPushButton(tr("Recent"))),
      m_sampleButton(new QPushButton(icon(QStringLiteral("sample")), tr("Use the bundled text"))),
      m_remove(new QPushButton(tr("Remove"))),
      m_recentMenu(new QMenu(this)),
      m_windows(spinBox(tr("Windows of the text"), 1, kMostWindows)),
      m_length(spinBox(tr("Tokens of one window"), 2, 2048)),
      m_seed(spinBox(tr("Seed of the order of the documents"), 0, 2'147'483'647)),
      m_isAll(new QCheckBox(tr("all"))),
      m_columnName(new QLabel(tr("Column"))),
      m_column(new QLineEdit),
      m_read(captionLabel({})),
      m_note(new InlineNote)
{
    setAcceptDrops(true);
    build();
    connect(m_add, &QPushButton::clicked, this, &TextPicker::chooseFiles);
    connect(m_remove, &QPushButton::clicked, this, &TextPicker::removeSelected);
    connect(m_sampleButton, &QPushButton::clicked, this, [this] {
        m_files.clear();
        addFiles({m_sample});
    });
    connect(m_list, &QListWidget::itemSelectionChanged, this, &TextPicker::follow);
    for (QSpinBox *box : {m_windows, m_length, m_seed})
        connect(box, &QSpinBox::valueChanged, this, &TextPicker::changed);
    for (QSpinBox *box : {m_windows, m_length, m_seed})
        connect(box, &QSpinBox::valueChanged, this, &TextPicker::follow);
    connect(m_column, &QLineEdit::editingFinished, this, [this] {
        if (!m_column->isModified())
            return;
        m_column->setModified(false);
        if (m_column->text().isEmpty())
            m_column->setText(usualColumn());
        emit changed();
    });
    connect(m_isAll, &QCheckBox::toggled, this, [this] {
        follow();
        emit changed();
    });
    setValue({.files = {}, .windows = 32, .length = 2048, .seed = 0});
    setRecentTexts({});
    setSampleText({});
}

void TextPicker::build()
{
    m_list->setAccessibleName(tr("Files of the text"));
    m_list->setSelectionMode(QAbstractItemView::ExtendedSelection);
    m_list->setTextElideMode(Qt::ElideMiddle);
    m_list->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    m_list->setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
    m_list->installEventFilter(this);
    m_recentButton->setMenu(m_recentMenu);
    m_recentButton->setAccessibleName(tr("Recent texts"));
    m_isAll->setAccessibleName(tr("As many windows as the text gives"));
    m_isAll->setToolTip(tr("As many windows as the text gives; what is left over at its end is not used."));
    m_seed->setSpecialValueText(tr("off"));
    m_seed->setPrefix(tr("seed "));
    m_seed->setToolTip(tr("Shuffles the documents of the text; the same number gives the same order on every machine."));

    m_read->setTextFormat(Qt::PlainText); // it shows what is in a file
    m_read->setAccessibleName(tr("What the text is"));
    m_column->setAccessibleName(tr("Column that holds the texts"));
    m_column->setToolTip(tr("The column of a Parquet file, or the field of a line of JSON, that holds the texts."));
    m_column->setPlaceholderText(usualColumn());
    m_column->setFixedWidth(fontMetrics().averageCharWidth() * 24);

    auto *buttons = new QHBoxLayout;
    buttons->setSpacing(6);
    for (QPushButton *button : {m_add, m_recentButton, m_sampleButton, m_remove})
        buttons->addWidget(button);
    buttons->addStretch();
    auto *files = new QVBoxLayout;
    files->setSpacing(6);
    files->addWidget(m_list);
    files->addLayout(buttons);

    auto *cut = new QHBoxLayout;
    cut->setSpacing(6);
    cut->addWidget(m_windows);
    cut->addWidget(m_isAll);
    cut->addSpacing(8);
    cut->addWidget(new QLabel(tr("of")));
    cut->addWidget(m_length);
    cut->addWidget(new QLabel(tr("tokens")));
    cut->addSpacing(16);
    cut->addWidget(new QLabel(tr("Shuffle")));
    cut->addWidget(m_seed);
    cut->addStretch();

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
    grid->addLayout(cut, 1, 1);
    grid->addWidget(m_columnName, 2, 0);
    grid->addWidget(m_column, 2, 1, Qt::AlignLeft);
    grid->addWidget(m_note, 3, 1);
    grid->addWidget(m_read, 4, 1);
    for (QSpinBox *box : {m_windows, m_length, m_seed})
        new WheelGuard(*box);
}

bool TextPicker::isNamedAsText(const QString &path)
{
    return hasSuffix(path, {QLatin1String("txt"), QLatin1String("text"), QLatin1String("md"), QLatin1String("jsonl"),
                            QLatin1String("ndjson"), QLatin1String("jsonlines"), QLatin1String("gz"), QLatin1String("zst"),
                            QLatin1String("xz"), QLatin1String("bz2"), QLatin1String("parquet")});
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
    if (!m_isAll->isChecked())
        text.windows = m_windows->value();
    text.length = m_length->value();
    text.seed = std::uint64_t(m_seed->value());
    text.column = m_column->text().isEmpty() ? TextSettings().column : m_column->text().toStdString();
    return text;
}

void TextPicker::setValue(const TextSettings &text)
{
    m_files.clear();
    for (const std::filesystem::path &file : text.files)
        m_files << QString::fromStdString(file.string());
    const QSignalBlocker blockers[] = {QSignalBlocker(m_windows), QSignalBlocker(m_length), QSignalBlocker(m_seed),
                                       QSignalBlocker(m_isAll)};
    m_isAll->setChecked(!text.windows);
    if (text.windows)
        m_windows->setValue(int(std::min<std::int64_t>(*text.windows, kMostWindows)));
    m_length->setValue(int(std::min<std::int64_t>(text.length, m_length->maximum())));
    m_seed->setValue(int(std::min<std::uint64_t>(text.seed, std::uint64_t(m_seed->maximum()))));
    m_column->setText(QString::fromStdString(text.column));
    showFiles();
}

void TextPicker::showRead(const TextSettings &text, const QStringList &lines)
{
    if (!(text == value()))
        return; // a search reads other windows of the same text
    m_readText = text;
    m_read->setText(lines.join(QLatin1Char('\n')));
    if (m_refusedText == text) {
        m_refusedText = {};
        emit problemChanged();
    }
    follow();
}

void TextPicker::showRefusal(const TextSettings &text, const QString &sentence, const QString &hint)
{
    if (!(text == value()))
        return;
    m_refusedText = text;
    m_refusal = sentence;
    m_remedy = hint;
    follow();
    emit problemChanged();
}

void TextPicker::setContext(qint64 tokens)
{
    const QSignalBlocker blocker(m_length);
    m_length->setMaximum(int(std::clamp<qint64>(tokens, 2, kMostWindows)));
    m_length->setToolTip(tr("At most the context of the model: %1 tokens.").arg(QLocale().toString(tokens)));
}

void TextPicker::setRecentTexts(const QStringList &files)
{
    m_recent = files;
    m_recentMenu->clear();
    for (const QString &file : files) {
        QAction *action = m_recentMenu->addAction(QFileInfo(file).fileName());
        action->setToolTip(file);
        connect(action, &QAction::triggered, this, [this, file] { addFiles({file}); });
    }
    m_recentMenu->setToolTipsVisible(true);
    m_recentButton->setVisible(!files.isEmpty());
}

void TextPicker::setSampleText(const QString &file)
{
    m_sample = file;
    m_sampleButton->setToolTip(file);
    follow();
}

QString TextPicker::problem() const
{
    if (m_files.isEmpty())
        return tr("Choose a text first.");
    for (const QString &file : m_files)
        if (const QString problem = problemOf(file); !problem.isEmpty())
            return tr("%1: %2.").arg(QFileInfo(file).fileName(), problem);
    return value() == m_refusedText ? m_refusal : QString();
}

void TextPicker::dragEnterEvent(QDragEnterEvent *event)
{
    if (textsIn(event->mimeData()).isEmpty())
        event->ignore();
    else
        event->acceptProposedAction();
}

void TextPicker::dropEvent(QDropEvent *event)
{
    addFiles(textsIn(event->mimeData()));
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
    showFiles(); // files come and go while nobody looks
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
        const int key = static_cast<QKeyEvent *>(event)->key();
        if (key == Qt::Key_Delete || key == Qt::Key_Backspace) {
            removeSelected();
            return true;
        }
    }
    return QWidget::eventFilter(watched, event);
}

void TextPicker::chooseFiles()
{
    const QString start = m_files.isEmpty() ? m_recent.value(0) : m_files.back();
    addFiles(
        QFileDialog::getOpenFileNames(this, tr("Choose a text"), QFileInfo(start).path(),
                                      tr("Texts (*.txt *.md *.jsonl *.ndjson *.json *.gz *.zst *.xz *.bz2 *.parquet);;All files (*)")));
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
    showFiles();
    emit changed();
}

void TextPicker::showFiles()
{
    const int rowHeight = m_list->fontMetrics().height() + 10;
    m_list->clear();
    for (const QString &path : m_files) {
        const QFileInfo file(path);
        const QString problem = problemOf(path);
        const QString text = problem.isEmpty() ? tr("%1   %2", "file and size").arg(file.fileName(), bytesText(file.size()))
                                               : tr("%1   %2", "file and problem").arg(file.fileName(), problem);
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
    m_windows->setEnabled(!m_isAll->isChecked());
    const TextSettings now = value();
    m_read->setVisible(!m_read->text().isEmpty() && now.files == m_readText.files && now.column == m_readText.column &&
                       now.length == m_readText.length && now.seed == m_readText.seed);
    m_remove->setVisible(!m_files.isEmpty());
    m_remove->setEnabled(!m_list->selectionModel()->selectedRows().isEmpty());
    const bool hasColumns = std::ranges::any_of(m_files, isOfRecords) || value().column != TextSettings().column;
    m_columnName->setVisible(hasColumns);
    m_column->setVisible(hasColumns);
    m_sampleButton->setVisible(!m_sample.isEmpty() && m_files != QStringList{m_sample});
    if (const QString why = problem(); !m_files.isEmpty() && !why.isEmpty())
        m_note->say(InlineNote::Kind::Problem, why,
                    why == m_refusal ? m_remedy
                    : std::ranges::all_of(m_files, [](const QString &file) { return QFileInfo::exists(file); })
                        ? tr("Remove it or choose another file.")
                        : tr("Remove it, or choose it again where it is now."));
    else if (m_isAll->isChecked())
        m_note->clear();
    else
        m_note->say(InlineNote::Kind::Info,
                    tr("The text must have at least %1 tokens.").arg(QLocale().toString(qint64(m_windows->value()) * m_length->value())));
}

} // namespace secateur::ui
