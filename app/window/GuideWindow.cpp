// SPDX-License-Identifier: GPL-3.0-or-later
#include "window/GuideWindow.h"

#include "widgets/Labels.h"

#include <QAction>
#include <QDesktopServices>
#include <QFontMetrics>
#include <QImage>
#include <QKeyEvent>
#include <QLineEdit>
#include <QListWidget>
#include <QScreen>
#include <QSplitter>
#include <QTextBrowser>
#include <QTextDocument>
#include <QVBoxLayout>

#include <algorithm>

namespace secateur::ui {
namespace {

/// Shows pictures no wider than the page.
class PageBrowser : public QTextBrowser {
public:
    using QTextBrowser::QTextBrowser;

    QVariant loadResource(int type, const QUrl &name) override
    {
        QVariant resource = QTextBrowser::loadResource(type, name);
        if (type != QTextDocument::ImageResource)
            return resource;
        QImage image;
        if (resource.typeId() == QMetaType::QByteArray)
            image.loadFromData(resource.toByteArray());
        else
            image = resource.value<QImage>();
        if (image.isNull())
            return resource;
        constexpr int kAround = 40;
        const double scale = devicePixelRatioF();
        const int width = int(std::max(200, viewport()->width() - kAround) * scale);
        if (image.width() > width)
            image = image.scaledToWidth(width, Qt::SmoothTransformation);
        image.setDevicePixelRatio(scale);
        return image;
    }
};

} // namespace

GuideWindow::GuideWindow(const std::filesystem::path &folder, QWidget *parent)
    : QWidget(parent, Qt::Window),
      m_pages(guidePagesIn(folder)),
      m_search(new QLineEdit),
      m_contents(new QListWidget),
      m_none(captionLabel(tr("No page has these words."))),
      m_browser(new PageBrowser)
{
    setWindowTitle(tr("Secateur: user guide"));
    m_search->setPlaceholderText(tr("Search the guide"));
    m_search->setAccessibleName(tr("Search the guide"));
    m_search->setClearButtonEnabled(true);
    m_contents->setAccessibleName(tr("Contents of the guide"));
    m_browser->setAccessibleName(tr("Page of the guide"));
    m_browser->setOpenLinks(false);
    m_browser->setSearchPaths({QString::fromStdString(folder.string())});
    m_none->hide();

    auto *side = new QWidget;
    auto *column = new QVBoxLayout(side);
    column->setContentsMargins(8, 8, 4, 8);
    column->addWidget(m_search);
    column->addWidget(m_none);
    column->addWidget(m_contents, 1);
    auto *both = new QSplitter(Qt::Horizontal, this);
    both->addWidget(side);
    both->addWidget(m_browser);
    both->setStretchFactor(1, 1);
    both->setChildrenCollapsible(false);
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->addWidget(both);
    const QFontMetrics metrics = fontMetrics();
    const QSize wish(metrics.averageCharWidth() * 120, metrics.height() * 40);
    resize(wish.boundedTo(screen()->availableSize()));
    both->setSizes({metrics.averageCharWidth() * 28, width()});

    auto *find = new QAction(this);
    find->setShortcut(QKeySequence::Find);
    connect(find, &QAction::triggered, m_search, [this] {
        m_search->setFocus(Qt::ShortcutFocusReason);
        m_search->selectAll();
    });
    addAction(find);
    connect(m_search, &QLineEdit::textChanged, this, &GuideWindow::fillContents);
    connect(m_search, &QLineEdit::returnPressed, this, &GuideWindow::goToNextHit);
    connect(m_contents, &QListWidget::currentRowChanged, this, [this](int row) {
        if (const QListWidgetItem *item = m_contents->item(row))
            showPage(item->data(Qt::UserRole).toInt());
    });
    connect(m_browser, &QTextBrowser::anchorClicked, this, &GuideWindow::followLink);
    fillContents();
}

QStringList GuideWindow::words() const
{
    return m_search->text().split(QLatin1Char(' '), Qt::SkipEmptyParts);
}

/// All pages, or those that have the words, with how often.
void GuideWindow::fillContents()
{
    const QStringList wanted = words();
    const QSignalBlocker blocker(m_contents);
    m_contents->clear();
    int current = -1;
    for (std::size_t i = 0; i < m_pages.size(); ++i) {
        const int hits = hitsIn(m_pages[i], wanted);
        if (!wanted.isEmpty() && hits == 0)
            continue;
        auto *item =
            new QListWidgetItem(wanted.isEmpty() ? m_pages[i].title : tr("%1 (%2)", "page and how often").arg(m_pages[i].title).arg(hits));
        item->setData(Qt::UserRole, int(i));
        m_contents->addItem(item);
        if (int(i) == m_shown)
            current = m_contents->count() - 1;
    }
    m_none->setVisible(m_contents->count() == 0);
    m_contents->setCurrentRow(current);
    mark();
}

void GuideWindow::open(const QString &id)
{
    if (m_pages.empty())
        return;
    const auto found = std::find_if(m_pages.begin(), m_pages.end(), [&](const GuidePage &page) { return page.id == id; });
    showPage(found == m_pages.end() ? 0 : int(found - m_pages.begin()));
    fillContents();
}

QString GuideWindow::page() const
{
    return m_shown < 0 ? QString() : m_pages[std::size_t(m_shown)].id;
}

void GuideWindow::showPage(int row)
{
    m_shown = row;
    m_browser->setHtml(m_pages[std::size_t(row)].html);
    mark();
}

void GuideWindow::followLink(const QUrl &link)
{
    if (!link.scheme().isEmpty()) {
        QDesktopServices::openUrl(link);
        return;
    }
    if (!link.path().isEmpty())
        open(link.path().remove(QStringLiteral(".html")));
    if (link.hasFragment())
        m_browser->scrollToAnchor(link.fragment());
}

/// Marks the words that are searched for, and shows the first.
void GuideWindow::mark()
{
    QList<QTextEdit::ExtraSelection> marks;
    for (const QString &word : words())
        for (QTextCursor hit = m_browser->document()->find(word); !hit.isNull(); hit = m_browser->document()->find(word, hit)) {
            QTextEdit::ExtraSelection selection;
            selection.cursor = hit;
            selection.format.setBackground(palette().highlight());
            selection.format.setForeground(palette().highlightedText());
            marks << selection;
        }
    m_browser->setExtraSelections(marks);
    if (marks.isEmpty())
        return;
    QTextCursor first = marks.constFirst().cursor;
    first.clearSelection();
    m_browser->setTextCursor(first);
    m_browser->ensureCursorVisible();
}

/// Return in the search: the next page that has the words.
void GuideWindow::goToNextHit()
{
    if (m_contents->count() == 0)
        return;
    m_contents->setCurrentRow((m_contents->currentRow() + 1) % m_contents->count());
}

void GuideWindow::keyPressEvent(QKeyEvent *event)
{
    if (event->key() != Qt::Key_Escape)
        return QWidget::keyPressEvent(event);
    if (m_search->text().isEmpty())
        close();
    else
        m_search->clear();
}

void GuideWindow::changeEvent(QEvent *event)
{
    QWidget::changeEvent(event);
    if ((event->type() == QEvent::PaletteChange || event->type() == QEvent::FontChange) && m_shown >= 0)
        QMetaObject::invokeMethod(
            this, [this] { showPage(m_shown); }, Qt::QueuedConnection); // colours of links are taken when a page is set
}

} // namespace secateur::ui
